/** The presets that ship with the site: defconfigs/ as text, with the title from their first comment. */
import type { PresetInfo } from './protocol';

const files = import.meta.glob<string>('../../defconfigs/*', { query: '?raw', import: 'default', eager: true });

export const DEFAULT_PRESET = 'gpt2-vanilla-baseline';

/** 0: the default, 1: the others, 2: their `-ci` twins. */
const rank = (name: string): number => (name === DEFAULT_PRESET ? 0 : name.endsWith('-ci') ? 2 : 1);

/** In the order of the gallery: the default first, the `-ci` twins last. */
export const PRESETS: readonly PresetInfo[] = Object.entries(files)
  .map(([path, text]) => ({
    name: path.split('/').pop() ?? path,
    title: /^#\s*(.+)$/m.exec(text)?.[1] ?? '',
    text,
  }))
  .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));

export function presetNamed(name: string): PresetInfo {
  const found = PRESETS.find((preset) => preset.name === name);
  if (!found) throw new Error(`there is no preset "${name}"; there are: ${PRESETS.map((p) => p.name).join(', ')}`);
  return found;
}
