/**
 * Configurations in the address: `defconfig=NAME` and `SYMBOL=value` as a person writes them, or `c=`, the minimal
 * configuration (deflate, base64url), where that would be long.
 */
import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate';
import { assignmentText, loadText } from './load';
import { minimalText, type Menu, type Version } from './model';
import { Config, loadConfig } from '@/kconfig';

/** What an address asks for. */
export interface Start {
  readonly preset: string | null;
  /** The minimal configuration in `c=`. */
  readonly text: string | null;
  readonly assignments: readonly (readonly [name: string, value: string])[];
  /** Why `c=` could not be read. */
  readonly problem: string | null;
}

const SYMBOL = /^[A-Z][A-Z0-9_]*$/;
/** More changes than this go into `c=`. */
const READABLE = 8;
/** No configuration is as long; a link that inflates to more is not one. */
const MAX_TEXT = 1 << 20;

export function readStart(query: URLSearchParams): Start {
  const packed = query.get('c');
  const text = packed === null ? null : unpack(packed);
  return {
    preset: query.get('defconfig') ?? query.get('preset'),
    text,
    assignments: [...query].filter(([name]) => SYMBOL.test(name)),
    problem:
      packed !== null && text === null ? 'The configuration in this link cannot be read: it was cut or changed.' : null,
  };
}

/** The query without what `linkQuery` writes. */
export function withoutConfig(query: URLSearchParams): URLSearchParams {
  const owned = (name: string): boolean => SYMBOL.test(name) || ['defconfig', 'preset', 'c'].includes(name);
  return new URLSearchParams([...query].filter(([name]) => !owned(name)));
}

/** The query that opens this configuration again. */
export function linkQuery({ tree, presets }: Menu, { config, base, preset }: Version): URLSearchParams {
  const query = new URLSearchParams({ defconfig: preset });
  if (config === base) return query;
  const wanted = minimalText(config);
  const differing = tree.defined.filter((sym) => config.userValue(sym) !== base.userValue(sym));
  const assignments = differing.map((sym) => [sym.name, config.userValue(sym)] as const);
  const readable = assignments.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  if (readable.length <= READABLE) {
    const trial = new Config(tree);
    loadConfig(trial, presets.find(({ name }) => name === preset)?.text ?? '', { quick: true });
    loadConfig(trial, assignmentText(tree, readable), { merge: true, quick: true });
    if (minimalText(trial) === wanted) {
      for (const [name, value] of readable) query.set(name, value);
      return query;
    }
  }
  query.set('c', pack(wanted));
  return query;
}

export function pack(text: string): string {
  const bytes = deflateSync(strToU8(text), { level: 9 });
  return btoa(strFromU8(bytes, true)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Null for anything that `pack` did not write. */
export function unpack(packed: string): string | null {
  try {
    const bytes = strToU8(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), true);
    return strFromU8(inflateSync(bytes, { out: new Uint8Array(MAX_TEXT) }));
  } catch {
    return null; // the caller reports it: base64 and deflate have no better reason to give
  }
}

/** Applies what an address asks for on top of the preset; the pane reports lines without effect. */
export function applyStart(menu: Menu, { text, assignments, problem }: Start): Menu {
  let next = menu;
  const lines = [];
  const load = (content: string, merge: boolean): void => {
    const loaded = loadText(next, content, { title: 'Configuration from the address', merge });
    next = { ...loaded.menu, message: '', version: { ...loaded.menu.version, complete: false } };
    lines.push(...loaded.report.lines.filter((line) => line.ignored));
  };
  if (problem !== null) lines.push({ line: 1, text: 'c=', message: problem, ignored: true });
  if (text !== null) load(text, false);
  if (assignments.length > 0) load(assignmentText(menu.tree, assignments), true);
  if (lines.length === 0) return next;
  const report = { title: 'Configuration from the address', assigned: assignments.length, lines, added: [] };
  return { ...next, pane: { kind: 'report', report } };
}
