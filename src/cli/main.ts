/** wb: the workbench in a terminal. Exit 0 on success, 2 on a wrong command line or configuration, 1 otherwise; errors are one line on stderr. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '@/experiment/config';
import { ModelConfigError } from '@/models/config';
import { registerBench } from './bench';
import { registerCheck } from './check';
import { registerDefconfig } from './defconfig';
import { registerDoctor } from './doctor';
import { registerGenerate } from './generate';
import { registerKconfig } from './kconfig';
import { registerMenuconfig } from './menuconfig';
import { UsageError } from './options';
import { registerPrune } from './prune';
import { registerRun } from './run';

const program = new Command('wb')
  .description('the knlp workbench: train, measure and replay small transformers')
  .version('0.1.0')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'wb: ')) });
for (const register of [
  registerRun,
  registerCheck,
  registerMenuconfig,
  registerDefconfig,
  registerGenerate,
  registerDoctor,
  registerBench,
  registerPrune,
  registerKconfig,
])
  register(program);
program.commands.forEach((command) =>
  command
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `wb ${command.name()}: `)) }),
);

try {
  await program.parseAsync();
  process.exit(process.exitCode ?? 0); // Dawn keeps the event loop alive
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  process.stderr.write(`wb: ${error instanceof Error ? error.message : String(error)}\n`);
  const usage = [UsageError, ConfigError, ModelConfigError].some((kind) => error instanceof kind);
  process.exit(usage ? 2 : 1);
}
