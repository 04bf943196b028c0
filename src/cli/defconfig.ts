/** wb defconfig and wb savedefconfig: presets to `.config` and back. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { openStrict } from '@/experiment/kconfig-tree';
import { writeConfig, writeMinConfig } from '@/kconfig';
import { configPath, writeConfigFile } from './config-file';
import { openPreset, presetNames, presetText, readNamed, UsageError } from './options';

export function registerDefconfig(program: Command): void {
  program
    .command('defconfig')
    .description('write ./.config (or $KCONFIG_CONFIG) from a preset')
    .argument('[name]', 'preset in defconfigs/')
    .option('--list', 'print the presets instead')
    .action((name: string | undefined, options: { list?: boolean }) => {
      if (options.list === true) return list();
      if (name === undefined) throw new UsageError(`name a preset; there are: ${presetNames().join(', ')}`);
      const file = configPath();
      writeConfigFile(file, writeConfig(openPreset(name)));
      process.stdout.write(`${file} is ${name}\n`);
    });
  program
    .command('savedefconfig')
    .description('write ./defconfig: what of ./.config differs from the defaults')
    .option('--config <file>', 'a .config file (default: ./.config)')
    .option('--out <file>', 'file to write', 'defconfig')
    .action((options: { config?: string; out: string }) => {
      const file = options.config ?? configPath();
      if (options.config === undefined && !existsSync(file))
        throw new UsageError(`${file}: no such file: "wb defconfig NAME" or "wb menuconfig" writes one`);
      writeConfigFile(options.out, writeMinConfig(openStrict(readNamed(file), file)));
      process.stdout.write(`${options.out} is the short form of ${file}\n`);
    });
}

/** One preset a line, with the first line of its header. */
function list(): void {
  const names = presetNames();
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) {
    const about = /^# *(.*)/.exec(presetText(name))?.[1] ?? '';
    process.stdout.write(`${name.padEnd(width)}  ${about}`.trimEnd() + '\n');
  }
}
