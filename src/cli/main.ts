/** wb: the workbench in a terminal. Exit 0 on success, 2 on a wrong command line or configuration, 1 otherwise; errors are one line on stderr. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '@/experiment/config';
import { MatrixError } from '@/experiment/matrix/axes';
import { ModelConfigError } from '@/models/config';
import { registerAb } from './ab';
import { registerArchive } from './archive';
import { registerBench } from './bench';
import { registerBpa } from './bpa';
import { isCellThread, serveCells } from './cell-thread';
import { registerCheck } from './check';
import { registerClean } from './clean';
import { registerContinue } from './continue';
import { registerDecode } from './decode';
import { registerDecodePresets } from './decode-preset';
import { registerDefconfig } from './defconfig';
import { registerDoctor } from './doctor';
import { registerEval } from './eval';
import { registerFisher } from './fisher';
import { registerFisherAdam } from './fisher-adam';
import { registerKvsSpline } from './kvs-spline';
import { registerGenerate } from './generate';
import { registerKconfig } from './kconfig';
import { registerMatrix } from './matrix';
import { registerMenuconfig } from './menuconfig';
import { UsageError } from './options';
import { registerPrune } from './prune';
import { registerReplay } from './replay';
import { registerReport } from './report';
import { registerRoofline } from './roofline';
import { registerRun } from './run';
import { registerShow } from './show';
import { registerTracker } from './trackers';

const program = new Command('wb')
  .description('the knlp workbench: train, measure and replay small transformers')
  .version('0.1.0')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'wb: ')) });
for (const register of [
  registerRun,
  registerContinue,
  registerReplay,
  registerMatrix,
  registerReport,
  registerShow,
  registerEval,
  registerAb,
  registerTracker,
  registerArchive,
  registerClean,
  registerCheck,
  registerMenuconfig,
  registerDefconfig,
  registerGenerate,
  (program: Command) => registerDecodePresets(registerDecode(program)),
  registerDoctor,
  registerRoofline,
  registerBench,
  registerBpa,
  registerFisher,
  registerPrune,
  registerFisherAdam,
  registerKvsSpline,
  registerKconfig,
])
  register(program);
program.commands.forEach((command) =>
  command
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `wb ${command.name()}: `)) }),
);

async function main(): Promise<void> {
  try {
    await program.parseAsync();
    process.exit(process.exitCode ?? 0); // Dawn keeps the event loop alive
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    process.stderr.write(`wb: ${error instanceof Error ? error.message : String(error)}\n`);
    const usage = [UsageError, ConfigError, ModelConfigError, MatrixError].some((kind) => error instanceof kind);
    process.exit(usage ? 2 : 1);
  }
}

await (isCellThread() ? serveCells() : main());
