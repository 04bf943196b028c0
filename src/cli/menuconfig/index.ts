/** wb menuconfig: the menu of options in a terminal, over ./.config. */
import type { Command } from 'commander';
import { ConfigError, experimentConfig } from '@/experiment/config';
import { openConfig, symbolValues } from '@/experiment/kconfig-tree';
import { writeConfig, type Config } from '@/kconfig';
import { ModelConfigError, validateGpt2 } from '@/models/config';
import { configPath, readIfThere, writeConfigFile } from '../config-file';
import { DEFAULT_DEFCONFIG, presetText } from '../options';
import { flushKeys, parseKeys, type Key } from './keys';
import { CHROME, render } from './render';
import { resize, say, showPage, start, wasSaved, type State } from './core';
import { step } from './state';

/** How long an escape may wait for the rest of its sequence, in milliseconds. */
const ESCAPE_MS = 40;
const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE_SCREEN = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

export function registerMenuconfig(program: Command): void {
  program
    .command('menuconfig')
    .description('change ./.config (or $KCONFIG_CONFIG) in a menu; starts from the default preset when there is none')
    .action(async () => {
      if (!process.stdin.isTTY || !process.stdout.isTTY)
        throw new Error('menuconfig needs a terminal: "wb defconfig NAME" and SYMBOL=value work without one');
      const final = await session(opened());
      if (final.request === 'interrupt') process.exitCode = 130;
      const lost = final.dirty ? (final.saved === null ? 'not written' : 'unchanged') : 'saved';
      process.stdout.write(`${final.file}: ${lost}\n`);
    });
}

/** The state for the file here, with a page on the lines that were not taken. */
function opened(): State {
  const file = configPath();
  const saved = readIfThere(file);
  const { config, report } = openConfig(saved ?? presetText(DEFAULT_DEFCONFIG));
  const message = saved === null ? `no ${file} yet: these are the values of ${DEFAULT_DEFCONFIG}` : '';
  const state = start(config, { file, saved, message, check: experimentProblem });
  const ignored = report.notes.filter((note) => note.ignored);
  if (ignored.length === 0) return state;
  const lines = ignored.map((note) => `${file}:${note.line}: ${note.message}`);
  return showPage(state, `Lines of ${file} without effect`, lines);
}

/** What is wrong with the experiment that a configuration describes. */
function experimentProblem(config: Config): string | null {
  try {
    const { model } = experimentConfig(symbolValues(config));
    validateGpt2({ ...model, vocabSize: model.vocabMultiple });
    return null;
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ModelConfigError) return error.message;
    throw error;
  }
}

/** Runs the menu until it is left. The terminal is restored however that happens. */
async function session(first: State): Promise<State> {
  const { stdin, stdout } = process;
  let state = first;
  let pending = '';
  let timer: NodeJS.Timeout | undefined;
  const size = (): { width: number; height: number } => ({ width: stdout.columns || 80, height: stdout.rows || 24 });
  const draw = (): void => {
    const { width, height } = size();
    const lines = render(state, width, height);
    stdout.write(`\x1b[H${lines.join('\r\n')}\x1b[0m`);
  };
  const fitted = (): void => {
    const { width, height } = size();
    state = resize(state, height - CHROME, width);
  };
  const restore = (): void => {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(LEAVE_SCREEN);
  };

  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdout.write(ENTER_SCREEN);
  process.once('exit', restore);
  try {
    await new Promise<void>((done, fail) => {
      const take = (keys: readonly Key[]): void => {
        try {
          for (const key of keys) {
            state = carryOut(step(state, key));
            if (state.request !== 'none') return done();
          }
          fitted();
          draw();
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const resized = (): void => {
        fitted();
        stdout.write('\x1b[2J');
        draw();
      };
      const stop = (): void => {
        state = { ...state, request: 'interrupt' };
        done();
      };
      stdin.on('data', (chunk: string) => {
        clearTimeout(timer);
        const { keys, rest } = parseKeys(pending + chunk);
        pending = rest;
        if (rest !== '')
          timer = setTimeout(() => {
            const late = flushKeys(pending);
            pending = '';
            take(late);
          }, ESCAPE_MS);
        if (keys.length > 0) take(keys);
      });
      stdin.once('end', stop);
      stdout.on('resize', resized);
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.once(signal, stop);
      stdin.resume();
      resized();
    });
  } finally {
    clearTimeout(timer);
    stdin.removeAllListeners('data');
    stdout.removeAllListeners('resize');
    stdin.pause();
    process.removeListener('exit', restore);
    restore();
  }
  return state;
}

/** Writes the file that a state asks for. The request that is left says why the menu ends. */
function carryOut(state: State): State {
  if (state.request !== 'save' && state.request !== 'save-and-quit') return state;
  const text = writeConfig(state.config);
  try {
    writeConfigFile(state.file, text);
  } catch (error) {
    return say(state, error instanceof Error ? error.message : String(error));
  }
  const saved = wasSaved(state, text);
  return { ...saved, request: state.request === 'save' ? 'none' : 'quit' };
}
