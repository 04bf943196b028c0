/** The screen's palette, read from the CSS custom properties of the page's theme. */
import { OKABE_ITO, PAPER, type Palette } from './surface';

let cached: Palette | null = null;

export function screenPalette(): Palette {
  if (cached) return cached;
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, fallback: string): string => style.getPropertyValue(name).trim() || fallback;
  cached = {
    background: read('--surface', PAPER.background),
    text: read('--text', PAPER.text),
    muted: read('--muted', PAPER.muted),
    hairline: read('--hairline-strong', PAPER.hairline),
    grid: read('--grid', PAPER.grid),
    danger: read('--danger', PAPER.danger),
    baseline: read('--baseline', PAPER.baseline),
    series: OKABE_ITO.map((colour, i) => read(`--series-${i + 1}`, colour)),
  };
  return cached;
}

/** Calls back after the theme has changed and the next palette is read anew. */
export function onThemeChange(listener: () => void): () => void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  const changed = (): void => {
    cached = null;
    listener();
  };
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}
