/**
 * Random trees and edit sequences against kconfiglib: differential.mjs [count] [first seed] prints one JSON document;
 * differential.mjs record [count] [first seed] writes tests/kconfig/fixtures/random.json.
 */
import { writeFileSync } from 'node:fs';
import { withModule } from './run.mjs';

const record = process.argv[2] === 'record';
if (record) process.argv.splice(2, 1);
const count = Number(process.argv[2] ?? 5000);
const first = Number(process.argv[3] ?? 1);
if (record) {
  const hashes = await withModule('/tests/kconfig/support/differential.ts', ({ recordHashes }) =>
    recordHashes(first, count),
  );
  writeFileSync(new URL('../../tests/kconfig/fixtures/random.json', import.meta.url), `${JSON.stringify(hashes)}\n`);
  process.exit(0);
}
const report = await withModule('/tests/kconfig/support/differential.ts', ({ differential }) =>
  differential(first, count),
);
const { differences, ...totals } = report;
for (const { seed, text, test } of differences.slice(0, 3)) {
  process.stderr.write(
    `seed ${seed}: ${text}\n${Object.entries(test.files)
      .map(([name, body]) => `--- ${name}\n${body}`)
      .join('')}${JSON.stringify(test.steps)}\n\n`,
  );
}
process.stdout.write(
  `${JSON.stringify({ ...totals, differences: differences.length, seeds: differences.slice(0, 20).map((d) => d.seed) })}\n`,
);
process.exitCode = differences.length === 0 ? 0 : 1;
