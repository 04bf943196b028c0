/** Talks to `scripts/kconfig/oracle.py serve`, when Python and kconfiglib are there. */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Case, Outcome } from './cases';

const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('../../../scripts/kconfig/oracle.py', import.meta.url));

/** True when kconfiglib can be imported. */
export function oracleAvailable(): boolean {
  return spawnSync(PYTHON, ['-c', 'import kconfiglib']).status === 0;
}

/** Runs cases through kconfiglib, in order. */
export async function* oracleOutcomes(cases: Iterable<Case>): AsyncGenerator<Outcome> {
  const child = spawn(PYTHON, [SCRIPT, 'serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    for (const test of cases) {
      child.stdin.write(`${JSON.stringify(test)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('the oracle ended early');
      yield JSON.parse(line.value) as Outcome;
    }
  } finally {
    child.stdin.end();
    child.kill();
  }
}
