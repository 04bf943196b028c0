/** Numbers as the page writes them: the digits that mean something, and a unit. */
import { fixed } from './plot/ticks';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export const count = (n: number): string => grouped.format(n);

/** Three significant digits without exponent where that stays short. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3)
    return value
      .toExponential(digits - 1)
      .replace('e+', 'e')
      .replaceAll('-', '\u2212');
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return fixed(value, decimals);
}

const scaled = (value: number, base: number, units: readonly string[]): string => {
  let i = 0;
  while (Math.abs(value) >= base && i < units.length - 1) {
    value /= base;
    i++;
  }
  return `${i === 0 ? count(value) : significant(value)} ${units[i]}`;
};

export const bytes = (n: number): string => scaled(n, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
export const flops = (n: number): string => scaled(n, 1000, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP']);

/** `42 s`, `4 min 10 s`, `3 h 05 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const two = (n: number): string => String(n).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

export const milliseconds = (ms: number): string => (ms >= 10_000 ? duration(ms) : `${significant(ms)} ms`);
export const percent = (share: number): string =>
  `${share >= 0.0995 ? Math.round(share * 100) : significant(share * 100, 2)} %`;

export const clockTime = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

/** Sentences of a description, for display one a line. */
export const sentences = (text: string): string[] => text.split(/(?<=[.?])\s+(?=[A-Z])/).filter(Boolean);
