import { expect, it } from 'vitest';
import { noise, operand, runKernels } from './gpu';
import { Bindings } from '@/engine/kernel';

it('runs a kernel on the test device', async () => {
  const b = new Bindings();
  const x = b.bind('x', operand(0, [8]));
  const code = `${b.declarations()}\n@compute @workgroup_size(8) fn main(@builtin(global_invocation_id) id: vec3u) { ${x}[id.x] *= 2.0; }`;
  const data = noise([8]);
  const out = await runKernels(
    [
      {
        label: 't',
        family: 't',
        variant: 'v',
        code,
        regions: b.regions,
        access: b.access,
        usesScalars: false,
        workgroups: [1, 1, 1],
        flops: 8,
        bytes: 64,
      },
    ],
    new Map([[0, data]]),
    [0],
  );
  expect([...new Float32Array(out.get(0)!)]).toEqual([...data].map((v) => v * 2));
});
