/** Arbitrary and mutated inputs: neither the parser nor the `.config` reader may hang or throw anything but a KconfigError. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Config, KconfigError, loadConfig, loadTree, memoryReader, writeConfig, writeMinConfig } from '@/kconfig';
import { FUNCTIONS, parseCases } from './cases';
import { randomCase } from './random';

const CORPUS = new URL('../corpus/', import.meta.url);

const cases = readdirSync(CORPUS).flatMap((file) => parseCases(readFileSync(new URL(file, CORPUS), 'utf8')));
const sources = [
  ...cases.filter((test) => test.steps.length > 0).map((test) => test.files['Kconfig']),
  ...Array.from({ length: 40 }, (_, seed) => randomCase(seed).files['Kconfig']),
];
const configs = cases.flatMap((test) => test.steps.flatMap((step) => (step[0] === 'load' ? [step[1]] : [])));

const WORDS = [
  ...'config menuconfig choice endchoice menu endmenu if endif source rsource comment mainmenu'.split(' '),
  ...'bool tristate int hex string def_bool def_int prompt default select imply range depends on visible'.split(' '),
  ...'help option env modules optional y m n A B C S0 S1 MODULES "A" "x" "" 1 0x1F -3'.split(' '),
  ...'&& || ! ( ) = != < <= > >= := += $( ) , \\ # \' " $(A) $(f,x) ${HOME} \uFEFF \0 \u2028 😀 \ud800'.split(' '),
  '\n',
  '\n\t',
  '\\\n',
  '\r\n',
  '\t',
  'CONFIG_A=y\n',
  '# CONFIG_A is not set\n',
];

const soup = fc
  .array(fc.constantFrom(...WORDS), { maxLength: 60 })
  .map((words) => words.join(' ').replaceAll('\n ', '\n'));
const text = fc.string({ unit: 'binary', maxLength: 200 });

/** A text with pieces cut, doubled, replaced or exchanged with another text. */
function mutated(seeds: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: 40 }),
    kind: fc.constantFrom('cut', 'double', 'insert', 'splice', 'word', 'word', 'word', 'line', 'line', 'line'),
    piece: fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 4 })),
    other: fc.nat(),
  });
  return fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([seed, edits]) =>
    edits.reduce((current, { at, length, kind, piece, other }) => {
      const from = Math.floor(at * current.length);
      const to = from + length;
      const donor = seeds[other % seeds.length];
      const start = Math.floor(at * donor.length);
      switch (kind) {
        case 'cut':
          return current.slice(0, from) + current.slice(to);
        case 'double':
          return current.slice(0, from) + current.slice(from, to).repeat(3) + current.slice(to);
        case 'insert':
          return current.slice(0, from) + piece + current.slice(from);
        case 'splice':
          return current.slice(0, from) + donor.slice(start, start + 3 * length) + current.slice(to);
        case 'word': {
          // One name for another of the same text: loops, clashes, conditions that never were.
          const names = current.match(/\b[A-Z][A-Z0-9_]*\b/g) ?? ['A'];
          const next = current.slice(from).search(/\b[A-Z][A-Z0-9_]*\b/);
          const name = names[other % names.length];
          return next < 0
            ? current
            : current.slice(0, from + next) + current.slice(from + next).replace(/^\w+/, () => name);
        }
        case 'line': {
          const lines = current.split('\n');
          const pool = donor.split('\n');
          lines.splice(Math.floor(at * lines.length), other % 2, pool[Math.floor(at * pool.length)]);
          return lines.join('\n');
        }
      }
    }, seed),
  );
}

export const kconfigText = fc.oneof({ arbitrary: mutated(sources), weight: 6 }, { arbitrary: soup, weight: 3 }, text);
export const configText = fc.oneof({ arbitrary: mutated(configs), weight: 6 }, { arbitrary: soup, weight: 2 }, text);

/** What an input came to. */
export type FuzzOutcome = 'accepted' | 'refused';

/** Parses and, if that works, evaluates and writes. Throws for anything that must not happen. */
export function tryKconfig(input: string): FuzzOutcome {
  let config: Config;
  try {
    const reader = memoryReader({ Kconfig: input, b: 'config FROM_B\n\tbool "b"\n' });
    config = new Config(loadTree({ reader, env: { HOME: '/x', ENVVAR: 'v' }, functions: FUNCTIONS }));
  } catch (error) {
    if (!(error instanceof KconfigError)) throw error;
    if (!(error.location.line >= 1) || error.location.file === '')
      throw new Error('an error without a position', { cause: error });
    return 'refused';
  }
  writeConfig(config);
  writeMinConfig(config);
  return 'accepted';
}

const trees = cases.flatMap((test) => {
  try {
    return [loadTree({ reader: memoryReader(test.files), env: test.env, functions: FUNCTIONS })];
  } catch {
    return [];
  }
});

/** Reads a `.config` into one of the corpus trees; the reader accepts everything and reports lines that exist. */
export function tryConfig(input: string, which: number): void {
  const config = new Config(trees[which % trees.length]);
  const { notes } = loadConfig(config, input);
  const lines = input.split(/\r\n|\r|\n/).length;
  for (const note of notes) {
    if (!(note.line >= 1 && note.line <= lines))
      throw new Error(`note on line ${note.line} of ${lines}: ${note.message}`);
  }
  writeConfig(config);
}

/** Runs both properties; the time of the slowest input is the answer to "never a hang". */
export function fuzz(
  runs: number,
  seed: number,
): { accepted: number; refused: number; configs: number; slowestMs: number } {
  const counts = { accepted: 0, refused: 0, configs: 0, slowestMs: 0 };
  const timed = <T>(work: () => T): T => {
    const start = performance.now();
    const result = work();
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - start);
    return result;
  };
  fc.assert(
    fc.property(kconfigText, (input) => {
      counts[timed(() => tryKconfig(input))]++;
    }),
    { numRuns: Math.ceil(runs / 2), seed },
  );
  fc.assert(
    fc.property(configText, fc.nat(), (input, which) => {
      timed(() => tryConfig(input, which));
      counts.configs++;
    }),
    { numRuns: Math.floor(runs / 2), seed },
  );
  return counts;
}
