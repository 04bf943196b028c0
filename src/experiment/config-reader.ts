/** Typed access to evaluated symbols; every refusal names the symbol, its value and what it must be. */

/** Evaluated symbols: name without CONFIG_ -> value as Kconfig prints it ("y", "128", "1e-3"). */
export type SymbolValues = ReadonlyMap<string, string>;

/** A symbol whose value cannot make an experiment. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  constructor(
    readonly symbol: string,
    message: string,
  ) {
    super(message);
  }
}

/** Reads symbols with checks. */
export class Reader {
  constructor(readonly values: SymbolValues) {}

  text(symbol: string): string {
    const value = this.values.get(symbol);
    if (value === undefined || value === '')
      throw new ConfigError(symbol, `${symbol} has no value in this configuration`);
    return value;
  }

  bool(symbol: string): boolean {
    return this.values.get(symbol) === 'y';
  }

  int(symbol: string): number {
    const text = this.text(symbol);
    const value = Number(text);
    if (!Number.isInteger(value)) throw new ConfigError(symbol, `${symbol}=${text} is not an integer`);
    return value;
  }

  /** A real number with inclusive bounds unless `open` says otherwise. */
  real(symbol: string, min: number, max: number, open: 'none' | 'min' | 'max' = 'none'): number {
    const text = this.text(symbol);
    const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
    const below = open === 'min' ? !(value > min) : !(value >= min);
    const above = open === 'max' ? !(value < max) : !(value <= max);
    if (below || above) {
      const range = `${open === 'min' ? '(' : '['}${min}, ${max}${open === 'max' ? ')' : ']'}`;
      throw new ConfigError(symbol, `${symbol}="${text}" must be a number in ${range}`);
    }
    return value;
  }

  /** Numbers separated by spaces or commas. */
  reals(symbol: string): readonly number[] {
    const words = this.text(symbol)
      .trim()
      .split(/[\s,]+/);
    return words.map((word) => {
      const value = Number(word);
      if (word === '' || !Number.isFinite(value))
        throw new ConfigError(symbol, `${symbol}: "${word}" is not a number; give one a layer, separated by spaces`);
      return value;
    });
  }

  /** The value of the one selected member of a choice. */
  choice<T>(what: string, members: readonly (readonly [string, T])[]): T {
    const chosen = members.filter(([symbol]) => this.bool(symbol));
    if (chosen.length !== 1)
      throw new ConfigError(what, `exactly one of ${members.map(([symbol]) => symbol).join(', ')} must be y`);
    return chosen[0]![1];
  }
}
