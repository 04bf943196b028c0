/**
 * A matrix as its cells (workflow-and-explainers 3.2). The tree decides what goes together:
 *
 * - a bool that cannot be y in a combination (its dependencies are not met) excludes the combination, with the reason;
 * - a value whose symbol is hidden in a combination has no effect there, so the axis collapses: such combinations have the same
 *   configuration and are one cell (no pruning x five sparsities is one cell);
 * - settings of bools are made first, so that the order of axes does not matter for what they show or hide.
 *
 * Seeds are an axis of their own, and pair the cells.
 */
import { sha256Text } from '@/data/hash';
import { type Config, type Sym, assign, isLogical, loadConfig, validate, writeConfig, writeMinConfig } from '@/kconfig';
import { nearest } from '../kconfig-tree';
import { type AxisPoint, MatrixError, type MatrixSpec } from './axes';

export interface Cell {
  /** Slug and six hexadecimal digits of the minimal configuration's SHA-256. */
  readonly id: string;
  /** Axis name -> label; without the seed. */
  readonly axes: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly minimal: string;
  readonly full: string;
  readonly minSha256: string;
}

export interface Excluded {
  readonly axes: Readonly<Record<string, string>>;
  readonly reason: string;
}

export interface Expansion {
  readonly cells: readonly Cell[];
  readonly excluded: readonly Excluded[];
  /** Combinations that were the same configuration as an earlier cell. */
  readonly merged: number;
}

const MAX_CELLS = 10000;

const slugPart = (text: string): string =>
  text.toLowerCase().replace(/[^a-z0-9.+-]+/g, '-').replace(/^-+|-+$/g, ''); // prettier-ignore

/** The id of a cell: labels joined by "_", at most 60 characters, then the seed and the hash. */
export function cellId(labels: readonly string[], seed: number, minSha256: string): string {
  const slug = labels.map(slugPart).filter((part) => part !== '').join('_').slice(0, 60) || 'base'; // prettier-ignore
  return `${slug.replace(/[.\s]+$/, '')}_s${seed}-${minSha256.slice(0, 6)}`;
}

/** Every way to take one point of each axis, the last axis fastest. */
function* product(spec: MatrixSpec): Generator<readonly AxisPoint[]> {
  const sizes = spec.axes.map((axis) => axis.points.length);
  const total = sizes.reduce((a, b) => a * b, 1);
  if (total * spec.seeds > MAX_CELLS)
    throw new MatrixError(`the matrix has ${total * spec.seeds} combinations; at most ${MAX_CELLS} are run`);
  for (let index = 0; index < total; index++) {
    let rest = index;
    const at = new Array<number>(sizes.length);
    for (let k = sizes.length - 1; k >= 0; k--) {
      at[k] = rest % sizes[k]!;
      rest = Math.floor(rest / sizes[k]!);
    }
    yield at.map((i, k) => spec.axes[k]!.points[i]!);
  }
}

function symbolOf(config: Config, name: string): Sym {
  const sym = config.find(name);
  if (sym && sym.nodes.length > 0) return sym;
  const names = config.tree.defined.map((one) => one.name);
  throw new MatrixError(
    `there is no symbol ${name}${names.length > 0 ? `; did you mean ${nearest(name, names)}?` : ''}`,
  );
}

/** Makes the settings; a reason when the combination cannot be. Throws MatrixError for values that no combination can have. */
function apply(config: Config, points: readonly AxisPoint[]): string | null {
  const all = points.flatMap((point) => point.set).map(([name, value]) => ({ sym: symbolOf(config, name), value }));
  // One bool may show another: what fails is tried again as long as something else succeeded.
  let open = all.filter(({ sym }) => isLogical(sym.type));
  for (let before = Infinity; open.length > 0 && open.length < before;) {
    before = open.length;
    open = open.filter(({ sym, value }) => !assign(config, sym, value).ok || config.value(sym) !== value);
  }
  const stuck = open[0];
  if (stuck) {
    const result = assign(config, stuck.sym, stuck.value);
    return `${stuck.sym.name}=${stuck.value} is not possible${result.ok ? '' : `: ${result.reason}`}`;
  }
  for (const { sym, value } of all.filter(({ sym }) => !isLogical(sym.type))) {
    const problem = validate(config, sym, value);
    if (problem !== null) throw new MatrixError(`${sym.name}=${value}: ${problem}`);
    if (config.visibility(sym) > 0) assign(config, sym, value);
  }
  // A later bool may have taken an earlier one back (two members of one choice).
  const lost = all.find(({ sym, value }) => isLogical(sym.type) && config.value(sym) !== value);
  return lost ? `${lost.sym.name}=${lost.value} is undone by another setting` : null;
}

/** `base`: the configuration that every cell starts from. `open` gives a fresh configuration of defaults over the same tree. */
export function expandMatrix(base: string, spec: MatrixSpec, open: () => Config): Expansion {
  const cells = new Map<string, Cell>();
  const excluded: Excluded[] = [];
  let merged = 0;
  for (const points of product(spec)) {
    const axes = Object.fromEntries(spec.axes.map((axis, i) => [axis.name, points[i]!.label]));
    for (let k = 0; k < spec.seeds; k++) {
      const config = open();
      loadConfig(config, base);
      const reason = apply(config, points);
      if (reason !== null) {
        excluded.push({ axes, reason });
        break;
      }
      const seedSymbol = symbolOf(config, 'SEED');
      const seed = Number(config.value(seedSymbol)) + k;
      assign(config, seedSymbol, String(seed));
      const minimal = writeMinConfig(config);
      const minSha256 = sha256Text(minimal);
      if (cells.has(minSha256)) merged++;
      else {
        const labels = points.map(({ label }, i) =>
          label === points[i]!.set[0]?.[1] ? `${spec.axes[i]!.name}-${label}` : label,
        );
        cells.set(minSha256, {
          id: cellId(labels, seed, minSha256),
          axes: withoutSeed(axes),
          seed,
          minimal,
          full: writeConfig(config),
          minSha256,
        });
      }
    }
  }
  if (cells.size === 0) throw new MatrixError(`the matrix has no cell: ${excluded[0]?.reason ?? 'nothing to combine'}`);
  return { cells: [...cells.values()], excluded, merged };
}

const withoutSeed = (axes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(axes).filter(([name]) => name !== 'SEED'));
