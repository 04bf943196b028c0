/**
 * Layer policies that rank layers by a signal measured on another run: `<PREFIX>_TRACE_RUN` names the run, and the numbers of
 * its fisher.json become `<PREFIX>_TRACES` before the experiment is derived, so that a recorded configuration is complete.
 */
import { ConfigError, type SymbolValues } from './config-reader';

/** Written by `wb fisher`. */
export const FISHER_FILE = 'fisher.json';
export const SIGNAL_PREFIXES = ['KVSPLICE', 'RA'] as const;

const SIGNALS = [
  ['TRACE', 'f1'],
  ['GRADIENT', 'f3'],
  ['ADAM', 'f4'],
] as const;

interface Wanted {
  /** The symbol to set. */
  readonly symbol: string;
  readonly run: string;
  readonly runSymbol: string;
  readonly signal: (typeof SIGNALS)[number][1];
}

/** What must be read before these values make an experiment. */
export function wantedSignals(values: SymbolValues): readonly Wanted[] {
  return SIGNAL_PREFIXES.flatMap((prefix): Wanted[] => {
    const runSymbol = `${prefix}_TRACE_RUN`;
    const run = values.get(runSymbol)?.trim() ?? '';
    const symbol = `${prefix}_TRACES`;
    if (run === '' || (values.get(symbol)?.trim() ?? '') !== '') return [];
    const chosen = SIGNALS.find(([name]) => values.get(`${prefix}_SIGNAL_${name}`) === 'y');
    return chosen ? [{ symbol, run, runSymbol, signal: chosen[1] }] : [];
  });
}

/** The value of `symbol` from the text of the run's fisher.json (null: there is none). Throws ConfigError. */
export function signalText({ run, runSymbol, signal }: Wanted, text: string | null): string {
  const fail = (what: string): never => {
    throw new ConfigError(runSymbol, `${runSymbol}=${run}: ${what}`);
  };
  if (text === null) return fail(`holds no ${FISHER_FILE}; measure its checkpoint with "wb fisher --run ${run}"`);
  let found: unknown;
  try {
    found = (JSON.parse(text) as { signals?: Record<string, unknown> } | null)?.signals?.[signal];
  } catch {
    return fail(`${FISHER_FILE} is no JSON; run "wb fisher --run ${run}" again`);
  }
  if (found === null) return fail(`has no ${signal}: its checkpoint holds no second moments`);
  if (!Array.isArray(found) || !found.every((x) => typeof x === 'number' && Number.isFinite(x)))
    return fail(`${FISHER_FILE} has no list of numbers signals.${signal}; run "wb fisher --run ${run}" again`);
  return found.join(' ');
}
