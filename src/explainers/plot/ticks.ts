/** Round tick positions and labels with only the digits that tell ticks apart. */

export function linearTicks([lo, hi]: readonly [number, number], count: number): number[] {
  const raw = (hi - lo) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((f) => raw / power <= f * 1.0000001) ?? 10);
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
