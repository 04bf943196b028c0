/** Round tick positions and labels with only the digits that tell ticks apart. */

const STEPS = [0.5, 1, 2, 5, 10];

/** About `count` multiples of 1, 2 or 5 times a power of ten; three where two more than `count` still allow them. */
export function linearTicks([lo, hi]: readonly [number, number], count: number): number[] {
  const raw = (hi - lo) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const at = STEPS.findIndex((f) => raw / power <= f * 1.0000001);
  const wide = multiples(lo, hi, power * STEPS[at]!);
  if (wide.length >= 3) return wide;
  const fine = multiples(lo, hi, power * STEPS[at - 1]!);
  return fine.length <= count + 2 ? fine : wide;
}

function multiples(lo: number, hi: number, step: number): number[] {
  const out: number[] = [];
  for (let i = Math.ceil(lo / step - 1e-9); i <= Math.floor(hi / step + 1e-9); i++)
    out.push(Number((i * step).toPrecision(12)));
  return out;
}

/** Powers of ten, or 1-2-5 (spans below two decades), thinned to about `count`. */
export function logTicks([lo, hi]: readonly [number, number], count: number): number[] {
  const decades = Math.log10(hi / lo);
  const stride = Math.max(1, Math.ceil(decades / count));
  const mantissas = decades <= 2 ? [1, 2, 5] : [1];
  const out: number[] = [];
  for (let e = Math.floor(Math.log10(lo)); e <= Math.ceil(Math.log10(hi)); e++) {
    if (e % stride !== 0) continue;
    for (const m of mantissas) {
      const v = Number((m * 10 ** e).toPrecision(12));
      if (v >= lo * 0.999999 && v <= hi * 1.000001) out.push(v);
    }
  }
  return out;
}

/** At most four significant digits, thousands apart; k, M, G from ten thousand on. */
export function label(v: number): string {
  const a = Math.abs(v);
  const digits = (x: number): string =>
    Number(x.toPrecision(4)).toLocaleString('en-US', { maximumSignificantDigits: 4 });
  const text =
    a >= 1e15 || (a > 0 && a < 1e-3)
      ? v.toExponential(1).replace('.0e', 'e').replace('e+', 'e')
      : a >= 1e9
        ? `${digits(v / 1e9)}G`
        : a >= 1e6
          ? `${digits(v / 1e6)}M`
          : a >= 1e4
            ? `${digits(v / 1e3)}k`
            : digits(v);
  return text.replaceAll('-', '−');
}

/** Of an axis: as `label`, with thousands as k where a tick is ten thousand or more. */
export function tickLabels(ticks: readonly number[]): string[] {
  const large = ticks.some((t) => Math.abs(t) >= 1e4 && Math.abs(t) < 1e6);
  return ticks.map((t) => (large && Math.abs(t) >= 1e3 && Math.abs(t) < 1e4 ? `${label(t / 1e3)}k` : label(t)));
}
