/** A generator of random trees and edit sequences. The same seed always gives the same case. */
import type { Case, Step } from './cases';

/** A small seeded generator (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

type Type = 'bool' | 'tristate' | 'int' | 'hex' | 'string';

interface Declared {
  readonly name: string;
  readonly type: Type;
}

const STRINGS = ['', 'foo', 'a b', 'x\\"y', 'back\\\\slash', '10', '0x10', 'y', 'n', '#hash', '$(V)', '-3', '1_0', 'ü'];
const INTS = ['0', '1', '5', '10', '-3', '42', '007', '1_000', '99999999999999999999'];
const HEXES = ['0x0', '0x10', '1F', 'ff', '0X2a', '0', '0xdeadbeefdeadbeef'];

class Generator {
  readonly symbols: Declared[] = [];
  readonly extra: Record<string, string> = {};
  #count = 0;
  #choices = 0;
  /** Conditions refer to symbols before this index only, so that loops stay rare. */
  #limit: number | null = null;
  /** Symbols before this index are in a condition around the current place and are not defined again. */
  #ceiling = 0;
  readonly named: string[] = [];

  constructor(readonly random: Random) {}

  case(): Case {
    const { random } = this;
    const lines: string[] = [];
    if (random.chance(0.2)) lines.push('mainmenu "Random $(V)"', '');
    if (random.chance(0.4)) lines.push('V = val$(W)', 'W := 7', 'f = $(1)-$(2)', 'W += 8', '');
    if (random.chance(0.65)) {
      this.symbols.push({ name: 'MODULES', type: 'bool' });
      lines.push('config MODULES', `\tbool${random.chance(0.8) ? ' "Modules"' : ''}`);
      if (random.chance(0.8)) lines.push(`\tdefault ${random.pick(['y', 'y', 'n'])}`);
      lines.push('');
    }
    lines.push(...this.block(4 + random.below(10), 0));
    const files: Record<string, string> = { Kconfig: `${lines.join('\n')}\n`, ...this.extra };
    const env: Record<string, string> = random.chance(0.3) ? { ENVVAR: random.pick(STRINGS), V: 'env' } : {};
    const steps = Array.from({ length: 2 + random.below(7) }, () => this.step());
    return { files, env, steps };
  }

  block(budget: number, depth: number): string[] {
    const { random } = this;
    const out: string[] = [];
    const ceiling = this.#ceiling;
    if (depth > 0) this.#ceiling = this.symbols.length;
    for (let left = budget; left > 0; left--) {
      const roll = random.next();
      if (roll < 0.6 || depth > 3) out.push(...this.config());
      else if (roll < 0.68) {
        out.push(`menu "Menu ${random.below(99)}"`, ...this.depends(0.4));
        if (random.chance(0.3)) out.push(`\tvisible if ${this.expr(1)}`);
        out.push('', ...this.block(random.below(4), depth + 1), 'endmenu', '');
      } else if (roll < 0.78)
        out.push(`if ${this.expr(2)}`, '', ...this.block(1 + random.below(3), depth + 1), 'endif', '');
      else if (roll < 0.84) out.push(`comment "Comment ${random.below(99)}"`, ...this.depends(0.5), '');
      else if (roll < 0.96) {
        // A choice in a choice only where no condition refers to what is around it: the oracle does not see loops there.
        if (this.#limit === null) out.push(...this.choice(depth));
        else out.push('choice', '\tbool "Inner"', '', 'endchoice', '');
      } else {
        const name = `Kconfig.${random.below(1000)}`;
        if (name in this.extra) continue;
        this.extra[name] = '';
        this.extra[name] = `${this.block(1 + random.below(3), depth + 1).join('\n')}\n`;
        out.push(`${random.pick(['source', 'rsource', 'osource', 'orsource'])} "${name}"`, '');
      }
    }
    this.#ceiling = ceiling;
    return out;
  }

  config(forced?: readonly Type[]): string[] {
    const { random } = this;
    const index = this.#ceiling + random.below(this.symbols.length - this.#ceiling);
    const again = random.chance(0.1) ? (this.symbols[index] ?? null) : null;
    const limit = this.#limit;
    if (again !== null) this.#limit = Math.min(index, limit ?? index);
    const type =
      again?.type ?? random.pick(forced ?? ['bool', 'bool', 'bool', 'tristate', 'tristate', 'int', 'hex', 'string']);
    const name = again?.name ?? `S${this.#count++}`;
    const out = [`${random.chance(0.12) ? 'menuconfig' : 'config'} ${name}`];
    if (again === null || random.chance(0.5)) {
      if (random.chance(0.03)) out.push('\tprompt "untyped"');
      else if (random.chance(0.12)) out.push(`\tdef_${type} ${this.value(type)}${this.cond(0.4)}`);
      else out.push(`\t${type}${random.chance(0.8) ? ` "Prompt of ${name}"${this.cond(0.25)}` : ''}`);
    } else if (random.chance(0.4)) out.push(`\tprompt "Again ${name}"${this.cond(0.3)}`);
    out.push(...this.depends(0.35));
    for (let i = random.pick([0, 0, 1, 1, 2]); i > 0; i--) out.push(`\tdefault ${this.value(type)}${this.cond(0.5)}`);
    if (type === 'int' || type === 'hex') {
      for (let i = random.pick([0, 0, 1, 2]); i > 0; i--) {
        out.push(`\trange ${this.bound(type, true)} ${this.bound(type, false)}${this.cond(0.4)}`);
      }
    }
    if (type === 'bool' || type === 'tristate') {
      for (const verb of ['select', 'imply']) {
        if (random.chance(0.15)) out.push(`\t${verb} ${this.later()}${this.cond(0.3)}`);
      }
      if (random.chance(0.05)) out.push('\toption allnoconfig_y');
    }
    if (type === 'string' && random.chance(0.1)) out.push('\toption env="ENVVAR"');
    if (random.chance(0.15)) out.push('\thelp', `\t  Help of ${name}.`, '', '\t  More.');
    out.push('');
    this.#limit = limit;
    if (again === null) this.symbols.push({ name, type });
    return out;
  }

  choice(depth: number): string[] {
    const { random } = this;
    const type = random.pick(['bool', 'bool', 'tristate'] as const);
    const limit = this.#limit;
    let head = 'choice';
    if (random.chance(0.25)) {
      const name =
        this.named.length > 0 && limit === null && random.chance(0.5)
          ? random.pick(this.named)
          : `C${this.named.length}`;
      if (!this.named.includes(name)) this.named.push(name);
      head += ` ${name}`;
    }
    this.#choices++;
    const body: string[] = [];
    const first = this.#count;
    const ceiling = this.#ceiling;
    this.#limit = Math.min(limit ?? Infinity, this.symbols.length);
    this.#ceiling = this.symbols.length;
    for (let i = random.below(4); i >= 0; i--) {
      if (random.chance(0.08)) body.push(...this.block(1, depth + 3));
      else body.push(...this.config([type, type, type, 'bool']));
    }
    const out = [head];
    if (random.chance(0.7)) out.push(`\t${type}${random.chance(0.9) ? ` "Choice"${this.cond(0.2)}` : ''}`);
    else out.push(`\tprompt "Choice"${this.cond(0.2)}`);
    if (random.chance(0.2)) out.push('\toptional');
    out.push(...this.depends(0.2));
    if (random.chance(0.5)) out.push(`\tdefault S${first + random.below(3)}${this.cond(0.3)}`);
    this.#limit = limit;
    this.#ceiling = ceiling;
    return [...out, '', ...body, 'endchoice', ''];
  }

  depends(probability: number): string[] {
    const out: string[] = [];
    while (this.random.chance(probability)) out.push(`\tdepends on ${this.expr(2)}`);
    return out;
  }

  cond(probability: number): string {
    return this.random.chance(probability) ? ` if ${this.expr(2)}` : '';
  }

  /** A symbol defined before; now and then any symbol at all, which may close a loop. */
  earlier(): string {
    const { random } = this;
    const known = this.symbols.slice(0, this.#limit ?? this.symbols.length);
    if (known.length === 0 || random.chance(0.02)) {
      // A loop now and then; not below a choice, where whether the oracle finds it depends on the order of its search.
      return random.chance(0.9) || this.#limit !== null ? 'UNDEF' : random.pick(['MODULES', 'S1', 'S3']);
    }
    return random.pick(known).name;
  }

  later(): string {
    return this.random.chance(0.98) ? `S${this.#count + 1 + this.random.below(4)}` : this.earlier();
  }

  expr(depth: number): string {
    const { random } = this;
    const roll = random.next();
    if (depth === 0 || roll < 0.45) return random.chance(0.06) ? random.pick(['y', 'm', 'n', '"y"']) : this.earlier();
    if (roll < 0.58) return `${this.expr(depth - 1)} && ${this.expr(depth - 1)}`;
    if (roll < 0.68) return `${this.expr(depth - 1)} || ${this.expr(depth - 1)}`;
    if (roll < 0.74) return `(${this.expr(depth - 1)})`;
    if (roll < 0.84) return `!${random.chance(0.6) ? this.earlier() : `(${this.expr(depth - 1)})`}`;
    const op = random.pick(['=', '=', '!=', '<', '<=', '>', '>=']);
    const right = random.pick([
      this.earlier(),
      'y',
      'n',
      'm',
      '"foo"',
      '5',
      '0x10',
      '"10"',
      `"${random.pick(STRINGS)}"`,
    ]);
    return `${this.earlier()} ${op} ${right}`;
  }

  value(type: Type): string {
    const { random } = this;
    if (type === 'bool' || type === 'tristate')
      return random.chance(0.6) ? random.pick(['y', 'n', 'y', 'm']) : this.expr(1);
    if (random.chance(0.25)) return this.earlier();
    if (type === 'string') return random.chance(0.1) ? '"$(f,a,b) $(V) $(ENVVAR)"' : `"${random.pick(STRINGS)}"`;
    return random.chance(0.05) ? '"bad"' : random.pick(type === 'int' ? INTS : HEXES);
  }

  bound(type: 'int' | 'hex', low: boolean): string {
    const { random } = this;
    if (random.chance(0.2)) return this.earlier();
    if (type === 'int') return random.pick(low ? ['0', '1', '-5', '10'] : ['5', '20', '50', '100']);
    return random.pick(low ? ['0x0', '0x1', '0x10', 'a'] : ['0x5', '0xff', '0x1000']);
  }

  step(): Step {
    const { random } = this;
    const roll = random.next();
    if (roll < 0.5) {
      const { name, type } = random.pick(this.symbols);
      return ['set', name, this.userValue(type)];
    }
    if (roll < 0.62) return ['unset', random.pick(this.symbols).name];
    if (roll < 0.82) return [random.chance(0.7) ? 'load' : 'merge', this.dotConfig()];
    // Names make choices fewer than blocks; the first always exists when any does.
    if (roll < 0.9 && this.#choices > 0)
      return random.chance(0.8) ? ['mode', 0, random.pick(['n', 'm', 'y'])] : ['unmode', 0];
    return [random.pick(['allno', 'allyes', 'allmod', 'reset'] as const)];
  }

  userValue(type: Type): string {
    const { random } = this;
    if (random.chance(0.05)) return random.pick(['', 'bad', 'y', '3']);
    if (type === 'string') return random.pick(['', 'user', 'q"uote', 'back\\slash', 'y', '10']);
    if (type === 'int') return random.pick([...INTS, '3', '7', '30']);
    if (type === 'hex') return random.pick([...HEXES, '0x4', '-0x1']);
    return random.pick(type === 'bool' ? ['y', 'y', 'n', 'm'] : ['y', 'm', 'n']);
  }

  dotConfig(): string {
    const { random } = this;
    const out: string[] = [];
    for (const { name, type } of this.symbols) {
      if (random.chance(0.4)) continue;
      const value = this.userValue(type);
      const quoted = `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
      if (random.chance(0.06)) out.push(`# CONFIG_${name} is not set`);
      else if ((type === 'bool' || type === 'tristate') && value === 'n') out.push(`# CONFIG_${name} is not set`);
      else out.push(`CONFIG_${name}=${type === 'string' && random.chance(0.93) ? quoted : value}`);
      if (random.chance(0.05)) {
        out.push(
          random.pick([
            '# comment',
            '',
            'junk',
            'CONFIG_NOPE=y',
            `CONFIG_${name} = y`,
            `CONFIG_${name}=yes # x`,
            ' CONFIG_A=y',
          ]),
        );
      }
    }
    return `${out.join('\n')}\n`;
  }
}

/** The case of a seed. */
export function randomCase(seed: number): Case {
  return new Generator(new Random(seed)).case();
}
