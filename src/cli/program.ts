/** The commands of `wb`, without running one. */
import { Command } from 'commander';
import { registerAb } from './ab';
import { registerArchive } from './archive';
import { registerBench } from './bench';
import { registerBpa } from './bpa';
import { registerCheck } from './check';
import { registerClean } from './clean';
import { registerContinue } from './continue';
import { registerDecode } from './decode';
import { registerDecodePresets } from './decode-preset';
import { registerDefconfig } from './defconfig';
import { registerDoctor } from './doctor';
import { registerEval } from './eval';
import { addExamples } from './examples';
import { registerFisher } from './fisher';
import { registerFisherAdam } from './fisher-adam';
import { registerKvsSpline } from './kvs-spline';
import { registerGenerate } from './generate';
import { registerKconfig } from './kconfig';
import { registerMatrix } from './matrix';
import { registerMenuconfig } from './menuconfig';
import { registerPrune } from './prune';
import { registerReplay } from './replay';
import { registerReport } from './report';
import { registerRoofline } from './roofline';
import { registerRun } from './run';
import { registerShow } from './show';
import { registerTracker } from './trackers';

const REGISTER: readonly ((program: Command) => unknown)[] = [
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
];

/** Every command with its options and examples; nothing exits by itself, wrong command lines are thrown. */
export function buildProgram(): Command {
  const program = new Command('wb')
    .description('the knlp workbench: train, measure and replay small transformers')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'wb: ')) });
  for (const register of REGISTER) register(program);
  addExamples(program);
  program.commands.forEach((command) =>
    command
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `wb ${command.name()}: `)) }),
  );
  return program;
}
