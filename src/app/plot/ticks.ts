/** Tick positions on round numbers, and labels that carry just the digits that tell ticks apart. */

const STEPS = [1, 2, 5, 10];

/** Spacing 1, 2 or 5 times a power of ten that gives about `count` ticks. */
export function tickStep(lo: number, hi: number, count: number): number {
  const raw = (hi - lo) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = raw / power;
  return power * (STEPS.find((s) => factor <= s * 1.0000001) ?? 10);
}

export function linearTicks(lo: number, hi: number, count: number): number[] {
  if (!(hi > lo) || !Number.isFinite(hi - lo)) return Number.isFinite(lo) ? [lo] : [];
  const step = tickStep(lo, hi, count);
  const first = Math.ceil(lo / step - 1e-9);
  const last = Math.floor(hi / step + 1e-9);
  // As many decimals as the step has: a fixed number of digits is too few far from zero.
  const decimals = Math.min(100, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const ticks: number[] = [];
  for (let i = first; i <= last; i++) ticks.push(Number((i * step).toFixed(decimals)) + 0);
  return ticks;
}

const MANTISSAS = [[1, 2, 5], [1, 3], [1]];

/** Powers of ten, divided as finely as `count` allows; linear ticks within less than half a decade. */
export function logTicks(lo: number, hi: number, count: number): number[] {
  if (!(lo > 0) || !(hi > lo)) return lo > 0 ? [lo] : [];
  const decades = Math.log10(hi / lo);
  if (decades < 0.5) return linearTicks(lo, hi, count);
  const [from, to] = [Math.floor(Math.log10(lo)), Math.ceil(Math.log10(hi))];
  const stride = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  let ticks: number[] = [];
  for (const mantissas of MANTISSAS) {
    ticks = [];
    for (let e = from; e <= to; e++) {
      if (e % stride !== 0) continue;
      for (const m of mantissas) {
        const v = clean(m * 10 ** e);
        if (v >= lo * (1 - 1e-9) && v <= hi * (1 + 1e-9)) ticks.push(v);
      }
    }
    if (ticks.length <= count + 1) break;
  }
  return ticks;
}

/** One format for all ticks of an axis: grouped integers, `10k` beyond five digits, fixed decimals, or powers of ten. */
export function formatTicks(ticks: readonly number[], log = false): string[] {
  if (log && ticks.some((t) => t >= 1e4 || t < 1e-2)) return ticks.map(exponent);
  const sizes = ticks.filter((t) => t !== 0).map((t) => Math.abs(t));
  if (sizes.length === 0) return ticks.map(String);
  const max = Math.max(...sizes);
  const min = Math.min(...sizes);
  if (max >= 1e9 || max < 1e-2 || max / min >= 1e5) return ticks.map((t) => (t === 0 ? '0' : exponent(t)));
  if (max >= 1e6) return ticks.map((t) => (t === 0 ? '0' : `${clean(t / 1e6)}M`));
  if (max >= 1e4) return ticks.map((t) => (t === 0 ? '0' : `${clean(t / 1e3)}k`));
  const decimals = Math.max(...ticks.map(decimalsOf));
  return ticks.map((t) => minus(fixed(t, log ? decimalsOf(t) : decimals)));
}

const formats = new Map<number, Intl.NumberFormat>();

/** Grouped, with so many decimals. A format costs a hundred times what it takes to use it. */
export function fixed(value: number, decimals: number): string {
  let format = formats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(decimals, format);
  }
  return format.format(value);
}

const exponent = (v: number): string => minus(v.toExponential().replace('e+', 'e'));
const minus = (text: string): string => text.replaceAll('-', '\u2212');

/** Strips the dust that products leave in the last binary digits. */
const clean = (v: number): number => Number(v.toPrecision(12));

function decimalsOf(v: number): number {
  const text = String(Math.abs(v));
  const [mantissa, power] = text.split('e');
  const dot = mantissa.indexOf('.');
  return Math.max(0, (dot < 0 ? 0 : mantissa.length - dot - 1) - Number(power ?? 0));
}
