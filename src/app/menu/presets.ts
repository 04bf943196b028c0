/** Presets as the gallery lists them: the `-ci` twin of a preset folded under it. */
import type { PresetInfo } from '@/worker/protocol';

export interface Family {
  readonly preset: PresetInfo;
  readonly twin: PresetInfo | null;
}

const SUFFIX = '-ci';

export function foldTwins(presets: readonly PresetInfo[]): readonly Family[] {
  const names = new Set(presets.map(({ name }) => name));
  const isTwin = (name: string): boolean => name.endsWith(SUFFIX) && names.has(name.slice(0, -SUFFIX.length));
  return presets
    .filter(({ name }) => !isTwin(name))
    .map((preset) => ({ preset, twin: presets.find(({ name }) => name === preset.name + SUFFIX) ?? null }));
}
