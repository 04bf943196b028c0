/** Fuzzes the parser and the .config reader: fuzz.mjs [runs] [seed]. Prints one JSON document; fails on the first bad input. */
import { withModule } from './run.mjs';

const runs = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? 1);
const start = performance.now();
const result = await withModule('/tests/kconfig/support/fuzz.ts', ({ fuzz }) => fuzz(runs, seed));
process.stdout.write(`${JSON.stringify({ runs, seed, ...result, seconds: (performance.now() - start) / 1000 })}\n`);
