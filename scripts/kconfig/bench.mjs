/** Speed figures for 1,000 and 20,000 symbols as one JSON document. */
import os from 'node:os';
import { withModule } from './run.mjs';

const results = await withModule('/tests/kconfig/support/bench.ts', ({ bench }) =>
  [1000, 20_000].map((count) => bench(count)),
);
process.stdout.write(`${JSON.stringify({ node: process.version, cpu: os.cpus()[0].model, results }, null, 1)}\n`);
