/** Every command says how it is used, and every example that it gives is a command line that it takes. */
import { readFileSync, readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXAMPLES, leafCommands } from '@/cli/examples';
import { buildProgram } from '@/cli/program';
import { parseAxis } from '@/experiment/matrix/axes';
import { openConfig } from '@/experiment/kconfig-tree';

const commands = leafCommands(buildProgram());
const RUN_VARIABLES = ['TRACKER', 'TIME', 'BASELINE'];
const symbols = openConfig().config;

/** A shell line's words by command: quotes as the shell reads them, `&&` between commands, `>` with its file left out. */
function shell(line: string): string[][] {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
  const parts: string[][] = [[]];
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '&&') parts.push([]);
    else if (words[i] === '>') i++;
    else parts.at(-1)!.push(words[i]!);
  }
  return parts;
}

/** What is wrong with a command line, or null; looks at it as `wb` would and runs nothing. Throws for an unknown command. */
function problem(words: readonly string[]): string | null {
  if (words[0] !== 'wb') return `begins with ${words[0]}`;
  let command: Command = buildProgram();
  let rest = words.slice(1);
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0] || one.aliases().includes(rest[0] ?? ''));
    if (!next) break;
    [command, rest] = [next, rest.slice(1)];
  }
  const { operands, unknown } = command.parseOptions([...rest]);
  if (unknown.length > 0) return `${command.name()} has no ${unknown[0]}`;
  const missing = command.options.find((o) => o.mandatory && command.getOptionValue(o.attributeName()) === undefined);
  if (missing) return `${command.name()} needs ${missing.flags}`;
  const declared = command.registeredArguments;
  if (operands.length < declared.filter((a) => a.required).length) return `${command.name()} needs more arguments`;
  if (operands.length > declared.length && !declared.at(-1)?.variadic) return `${command.name()} takes no ${operands.at(-1)}`; // prettier-ignore
  const settings = [...operands, ...Object.values(command.opts()).flat()].filter((w) =>
    /^[A-Z0-9_,]+=/.test(String(w)),
  );
  for (const setting of settings as string[]) {
    const names = parseAxis(setting)?.points.flatMap((p) => p.set.map(([name]) => name)) ?? [setting.split('=')[0]!];
    const unknownName = names.find((name) => !RUN_VARIABLES.includes(name) && symbols.find(name) === null);
    if (unknownName !== undefined) return `${unknownName} is no symbol`;
  }
  return null;
}

describe('the check itself', () => {
  it.each([
    ['wb run --outt runs/a', 'run has no --outt'],
    ['wb run', 'run needs --out <dir>'],
    ['wb run LEARNING_RAT=1 --out a', 'LEARNING_RAT is no symbol'],
    ['wb show', 'show needs more arguments'],
    ['wb show a b', 'show takes no b'],
    ['make run', 'begins with make'],
  ])('finds what is wrong with %s', (line, expected) => {
    expect(shell(line).map(problem)).toEqual([expected]);
  });
});

describe.each(commands)('wb %s', (name, command) => {
  it('has a description, options with a meaning, and examples that it takes', () => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toMatch(new RegExp(`^Usage: wb ${name.split(' ').slice(0, -1).join(' ')}`));
    expect(command.description()).not.toBe('');
    for (const option of command.options) {
      expect(option.description, option.flags).not.toBe('');
      if (typeof option.defaultValue === 'string') expect(help.replace(/\s+/g, ' ')).toContain(`(default: "${option.defaultValue}")`); // prettier-ignore
    }
    const examples = EXAMPLES[name] ?? [];
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const line of examples) {
      expect(help).toContain(`  ${line}\n`);
      expect(shell(line).map(problem), line).toEqual(shell(line).map(() => null));
      expect(
        shell(line).some((words) => words.slice(1).join(' ').startsWith(name)),
        line,
      ).toBe(true);
    }
  });
});

/** Command lines of the documents: indented, up to a comment or a gap; those with placeholders (..., [x], A | B) are left out. */
const documented = ['README.md', ...readdirSync('docs').filter((f) => f.endsWith('.md')).map((f) => `docs/${f}`)].flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^ {4}(bin\/)?wb /.test(line) && !/\.\.\.|\[/.test(line))
    .flatMap((line) => line.trim().split(/ {2,}|; | #/)[0]!.includes('wb ') ? line.trim().split(/ {2,}| #/)[0]!.split('; ') : [])
    .map((line) => [file, line.replaceAll('bin/wb', 'wb')] as const),
); // prettier-ignore

it.each(documented)('%s: %s', (_, line) => {
  expect(shell(line).map(problem)).toEqual(shell(line).map(() => null));
});

it('the documents were read', () => expect(documented.length).toBeGreaterThan(40));

it('no example is of a command that is gone', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(commands.map(([name]) => name).sort());
});
