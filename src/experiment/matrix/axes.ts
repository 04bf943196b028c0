/**
 * How a matrix is declared: on the command line, or in the header of a preset.
 *
 *     SYMBOL=a,b,c              one value each (a number range: SYMBOL=start:step:end, both ends included)
 *     A,B,C=y                   one of these bool symbols each: members of a choice, or switches
 *     # Axis: SYMBOL=a,b,c      the same in a preset; one line an axis
 *     # Arm: name X=1 Y=n       named arms, several symbols at once; all arms together are one axis ("arm")
 *     # Seeds: 3                SEED, SEED + 1, SEED + 2
 *
 * The first value of each axis, and the first arm, is the baseline that reports compare with.
 */

export interface AxisPoint {
  readonly label: string;
  readonly set: readonly (readonly [symbol: string, value: string])[];
}

export interface Axis {
  readonly name: string;
  readonly points: readonly AxisPoint[];
}

export interface MatrixSpec {
  readonly axes: readonly Axis[];
  /** Consecutive seeds from the configuration's SEED. */
  readonly seeds: number;
}

export class MatrixError extends Error {
  override name = 'MatrixError';
}

const SYMBOL = /^[A-Z][A-Z0-9_]*$/;
const MAX_POINTS = 1000;

/** "1e-3:1e-3:5e-3" as its values; each is start + i * step written with the digits of the step. Null when it is no range. */
function rangeValues(text: string, where: string): string[] | null {
  const parts = text.split(':');
  if (parts.length !== 3 || parts.some((p) => !/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(p))) return null;
  const [start, step, end] = parts.map(Number) as [number, number, number];
  const count = Math.floor((end - start) / step + 1e-9) + 1;
  if (!(step !== 0 && count >= 1 && count <= MAX_POINTS))
    throw new MatrixError(`${where}: the range ${text} (start:step:end) has no values, or more than ${MAX_POINTS}`);
  return Array.from({ length: count }, (_, i) => String(Number((start + i * step).toPrecision(12))));
}

/** The common beginning of names up to its last "_": what a label can do without. */
function commonPrefix(names: readonly string[]): string {
  let prefix = names[0] ?? '';
  for (const name of names) while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix.slice(0, prefix.lastIndexOf('_') + 1);
}

function switches(symbols: readonly string[], value: string, where: string): Axis {
  const bad = symbols.find((s) => !SYMBOL.test(s));
  if (bad !== undefined) throw new MatrixError(`${where}: "${bad}" is not a symbol`);
  if (value !== 'y')
    throw new MatrixError(
      `${where}: an axis over several symbols sets each to y in turn; write ${symbols.join(',')}=y`,
    );
  const prefix = commonPrefix(symbols);
  return {
    name: prefix.replace(/_$/, '') || symbols.join('|'),
    points: symbols.map((symbol) => ({
      label: symbol.slice(prefix.length).toLowerCase() || symbol.toLowerCase(),
      set: [[symbol, 'y']],
    })),
  };
}

/** An axis from "SYMBOL=a,b", "SYMBOL=1:1:3" or "A,B=y"; null: a plain setting of one value. Throws MatrixError. */
export function parseAxis(text: string, where = 'command line'): Axis | null {
  const equals = text.indexOf('=');
  if (equals < 1) throw new MatrixError(`${where}: "${text}" is not SYMBOL=value`);
  const [left, right] = [text.slice(0, equals), text.slice(equals + 1)];
  if (left.includes(',')) return switches(left.split(','), right, where);
  if (!SYMBOL.test(left)) throw new MatrixError(`${where}: "${left}" is not a symbol`);
  const values = rangeValues(right, where) ?? right.split(',');
  if (values.length < 2) return null;
  const empty = values.includes('');
  if (empty || new Set(values).size < values.length)
    throw new MatrixError(`${where}: ${text} has ${empty ? 'an empty value' : 'a value twice'}`);
  return { name: left, points: values.map((value) => ({ label: value, set: [[left, value]] })) };
}

/** "name X=1 Y=n" as one point of the axis "arm". */
function parseArm(text: string, where: string): AxisPoint {
  const [label, ...settings] = text.split(/\s+/);
  if (!label || label.includes('=')) throw new MatrixError(`${where}: an arm begins with its name`);
  return {
    label,
    set: settings.map((setting) => {
      const match = /^([A-Z][A-Z0-9_]*)=(.+)$/.exec(setting);
      if (!match) throw new MatrixError(`${where}: "${setting}" is not SYMBOL=value`);
      return [match[1]!, match[2]!] as const;
    }),
  };
}

function parseSeeds(text: string, where: string): number {
  const seeds = Number(text);
  if (!(Number.isInteger(seeds) && seeds >= 1 && seeds <= MAX_POINTS))
    throw new MatrixError(`${where}: seeds "${text}": give a number from 1 to ${MAX_POINTS}`);
  return seeds;
}

/** The axes, arms and seeds that a preset's header declares. */
export function headerSpec(preset: string, file: string): MatrixSpec {
  const axes: Axis[] = [];
  const arms: AxisPoint[] = [];
  let seeds = 1;
  for (const [i, line] of preset.split('\n').entries()) {
    if (!line.startsWith('#') || line.startsWith('# CONFIG_')) break;
    const field = /^#\s*(Axis|Arm|Seeds)\s*:\s*(.*?)\s*$/.exec(line);
    if (!field) continue;
    const where = `${file}:${i + 1}`;
    if (field[1] === 'Seeds') seeds = parseSeeds(field[2]!, where);
    else if (field[1] === 'Arm') arms.push(parseArm(field[2]!, where));
    else {
      const axis = parseAxis(field[2]!, where);
      if (!axis) throw new MatrixError(`${where}: an axis needs at least two values`);
      axes.push(axis);
    }
  }
  const labels = arms.map((arm) => arm.label);
  if (new Set(labels).size < labels.length) throw new MatrixError(`${file}: two arms have the same name`);
  return { axes: arms.length > 0 ? [{ name: 'arm', points: arms }, ...axes] : axes, seeds };
}

/** The command line's axes over those of the preset: an axis of the same name takes the place of the preset's. */
export function mergeSpecs(preset: MatrixSpec, axes: readonly Axis[], seeds: string | undefined): MatrixSpec {
  const names = axes.map((axis) => axis.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new MatrixError(`command line: the axis ${twice} is given twice`);
  const kept = preset.axes.map((axis) => axes.find((a) => a.name === axis.name) ?? axis);
  const added = axes.filter((axis) => !preset.axes.some((a) => a.name === axis.name));
  return { axes: [...kept, ...added], seeds: seeds === undefined ? preset.seeds : parseSeeds(seeds, '--seeds') };
}
