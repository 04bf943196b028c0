/** wb: the workbench in a terminal. Exit 0 on success, 2 on a wrong command line or configuration, 1 otherwise; errors are one line on stderr. */
import { CommanderError } from 'commander';
import { ConfigError } from '@/experiment/config';
import { MatrixError } from '@/experiment/matrix/axes';
import { ModelConfigError } from '@/models/config';
import { isCellThread, serveCells } from './cell-thread';
import { UsageError } from './options';
import { buildProgram } from './program';

async function main(): Promise<void> {
  try {
    await buildProgram().parseAsync();
    process.exit(process.exitCode ?? 0); // Dawn keeps the event loop alive
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    process.stderr.write(`wb: ${error instanceof Error ? error.message : String(error)}\n`);
    const usage = [UsageError, ConfigError, ModelConfigError, MatrixError].some((kind) => error instanceof kind);
    process.exit(usage ? 2 : 1);
  }
}

await (isCellThread() ? serveCells() : main());
