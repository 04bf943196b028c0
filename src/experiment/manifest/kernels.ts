/** What was really dispatched, from the programs of the plan: for the manifest's `dispatch` and `app.wgslHash`. */
import { sha256Text } from '@/data/hash';
import type { KernelProgram } from '@/engine/kernel';
import type { Manifest } from './schema';

type KernelRecord = NonNullable<Manifest['dispatch']>['kernels'][number];

/** `@workgroup_size(x, y, z)` of WGSL text; missing sizes are 1, as in WGSL. */
export function workgroupSize(code: string): [number, number, number] {
  const sizes = /@workgroup_size\(([^)]*)\)/.exec(code)?.[1]?.split(',') ?? [];
  const at = (i: number): number => {
    const size = parseInt(sizes[i] ?? '', 10);
    return Number.isNaN(size) ? 1 : size;
  };
  return [at(0), at(1), at(2)];
}

/** One record for each (family, variant, workgroup), in order of first use. */
export function kernelRecords(programs: readonly KernelProgram[]): KernelRecord[] {
  const seen = new Map<string, KernelRecord>();
  for (const { family, variant, code } of programs) {
    const record: KernelRecord = {
      name: family,
      variant,
      workgroup: workgroupSize(code),
      f16: /^\s*enable\s[^;]*\bf16\b/m.test(code),
      subgroups:
        /^\s*enable\s[^;]*\bsubgroups\b/m.test(code) || /\bsubgroup(Add|Max|Min|Shuffle\w*|Broadcast\w*)\(/.test(code),
    };
    seen.set(JSON.stringify(record), record);
  }
  return [...seen.values()];
}

/** SHA-256 over the distinct WGSL texts, sorted; null without programs. */
export function wgslHash(programs: readonly KernelProgram[]): string | null {
  if (programs.length === 0) return null;
  const texts = [...new Set(programs.map(({ code }) => code))].sort();
  return sha256Text(texts.map((text) => sha256Text(text)).join('\n'));
}
