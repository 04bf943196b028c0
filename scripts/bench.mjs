// The same training step on the workbench, jax-js and tfjs-webgpu, side by side in one Chromium run.
//   npm run bench -- [--json] [--rounds N] [--steps N] [--no-tfjs] [--size small|large] [--headed]
import { build } from 'vite';
import { launch } from './browser.mjs';
import { serve } from './serve.mjs';

const args = process.argv.slice(2);
const flag = (name) => args.includes(`--${name}`);
const option = (name, fallback) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? fallback : args[at + 1];
};
const json = flag('json');
const say = (...words) => json || console.log(...words);
const rounds = Number(option('rounds', 3));
const steps = Number(option('steps', 3));
const size = option('size', 'small') === 'large' ? { nLayer: 6, nEmbd: 256, nHead: 8, ctx: 256, batch: 8 } : {};
const software = !flag('headed');

await build({ configFile: 'bench/vite.config.ts', logLevel: 'error' });
const server = await serve('dist/bench', 0);
const url = `http://localhost:${server.address().port}/`;
const browser = await launch({ gpu: software ? 'software' : 'hardware', headless: software });
const page = await browser.newPage();
await page.goto(url);
await page.waitForFunction(() => typeof window.runOne === 'function');
const run = (request) => page.evaluate((r) => window.runOne(r), request);

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const engines = ['workbench', 'jax-js', ...(flag('no-tfjs') ? [] : ['tfjs-webgpu'])];
const results = new Map(engines.map((name) => [name, []]));
try {
  const probe = await run({ engine: 'probe', warmup: 0, steps: 0 });
  say(
    `adapter: ${probe.adapter.description || probe.adapter.architecture || probe.adapter.vendor} (${probe.adapter.label})`,
  );
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < engines.length; i++) {
      const engine = engines[(i + round) % engines.length];
      if (engine === 'tfjs-webgpu' && round > 0) continue; // half a minute a step on a software adapter
      const few = engine === 'tfjs-webgpu' && probe.adapter.software;
      const result = await run({ engine, warmup: few ? 1 : 2, steps: few ? 1 : steps, size });
      results.get(engine).push(result);
      say(`round ${round + 1}  ${engine.padEnd(12)} ${result.ms_per_step.toFixed(0).padStart(7)} ms/step`);
    }
  const rows = engines.map((name) => {
    const runs = results.get(name);
    const times = runs.flatMap((r) => r.steps);
    const { counts } = runs[0];
    return {
      name,
      ms_per_step: median(times),
      ms_per_step_range: [Math.min(...times), Math.max(...times)],
      first_step_ms: median(runs.map((r) => r.first_step_ms)),
      dispatches: counts.dispatches,
      passes: counts.passes,
      submits: counts.submits,
      created: { buffers: counts.buffers, bind_groups: counts.bind_groups, pipelines: counts.pipelines },
      writes: counts.writes,
      bytes: runs[0].bytes,
      losses: runs[0].losses,
    };
  });
  const ours = rows[0].ms_per_step;
  const document = {
    ...probe,
    size: { nLayer: 4, nEmbd: 128, nHead: 4, ctx: 128, batch: 8, vocab: 65, ...size },
    engines: rows,
    speedup: Object.fromEntries(rows.slice(1).map((r) => [r.name, r.ms_per_step / ours])),
  };
  if (json) console.log(JSON.stringify(document, null, 2));
  else {
    console.log(
      `FMA ${probe.fma_gflops.toFixed(1)} GFLOP/s (one chain ${probe.fma_single_chain_gflops.toFixed(1)}), stream copy ${probe.bandwidth_gbs.toFixed(1)} GB/s, GEMM 512^3 ${probe.gemm_512_gflops.toFixed(2)} GFLOP/s = ${((100 * probe.gemm_512_gflops) / probe.fma_gflops).toFixed(0)} % of FMA, ${((100 * probe.gemm_512_gflops) / probe.fma_single_chain_gflops).toFixed(0)} % of one chain`,
    );
    console.table(
      rows.map(({ losses, created, ms_per_step_range, ...row }) => ({
        ...row,
        ...created,
        losses: losses
          .slice(0, 3)
          .map((l) => l.toFixed(4))
          .join(' '),
      })),
    );
    for (const [name, x] of Object.entries(document.speedup)) console.log(`${x.toFixed(2)}x ${name}`);
  }
} finally {
  await browser.close();
  server.close();
}
