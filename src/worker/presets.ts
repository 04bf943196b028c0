/** The presets that ship with the site: defconfigs/ as text, with the title from their first comment. */
const files = import.meta.glob<string>('../../defconfigs/*', { query: '?raw', import: 'default', eager: true });

export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

export const PRESETS: readonly Preset[] = Object.entries(files).map(([path, text]) => ({
  name: path.split('/').pop() ?? path,
  title: /^#\s*(.+)$/m.exec(text)?.[1] ?? '',
  text,
}));

export function presetNamed(name: string): Preset {
  const found = PRESETS.find((preset) => preset.name === name);
  if (!found) throw new Error(`there is no preset "${name}"; there are: ${PRESETS.map((p) => p.name).join(', ')}`);
  return found;
}
