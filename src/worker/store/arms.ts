/** The arms of a comparison as configurations: those that a preset's header declares, or a preset with settings against another. */
import { openConfig, openStrict, setSymbol } from '@/experiment/kconfig-tree';
import { headerSpec } from '@/experiment/matrix/axes';
import { expandMatrix } from '@/experiment/matrix/expand';
import { writeMinConfig } from '@/kconfig';
import { presetNamed } from '../presets';
import type { ComparisonPlan } from '../store-protocol';
import { assignments } from '@/experiment/assignments';

export interface Arm {
  readonly label: string;
  /** Label of the arm that it is paired with; its own for a baseline. */
  readonly baseline: string;
  /** Minimal configuration. */
  readonly values: ReadonlyMap<string, string>;
}

/** Throws an Error for a preset that does not ship, ConfigError or MatrixError for settings that cannot be. */
export function armsOf({ preset, set, against }: ComparisonPlan): Arm[] {
  if (against === undefined) return headerArms(preset);
  const baseline: Arm = { label: against, baseline: against, values: minimal(against, {}) };
  const changed = Object.entries(set ?? {}).map(([name, value]) => `${name}=${value}`);
  const label = (preset === against ? changed : [preset, ...changed]).join(' ');
  return [baseline, { label, baseline: against, values: minimal(preset, set ?? {}) }];
}

function minimal(preset: string, set: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const config = openStrict(presetNamed(preset).text, preset);
  for (const [name, value] of Object.entries(set)) setSymbol(config, name, value, preset);
  return assignments(writeMinConfig(config));
}

/** The first point of the first axis is the baseline, at equal points of all others. */
function headerArms(preset: string): Arm[] {
  const { text } = presetNamed(preset);
  const spec = headerSpec(text, preset);
  const [first, ...others] = spec.axes;
  if (first === undefined) return [];
  const { cells } = expandMatrix(text, { ...spec, seeds: 1 }, () => openConfig().config);
  const labelOf = (axes: Readonly<Record<string, string>>): string =>
    [axes[first.name]!, ...others.map(({ name }) => `${name}=${axes[name]!}`)].join(' ');
  const labels = new Set(cells.map(({ axes }) => labelOf(axes)));
  return cells.map(({ axes, minimal: text }) => {
    const wanted = labelOf({ ...axes, [first.name]: first.points[0]!.label });
    return {
      label: labelOf(axes),
      baseline: labels.has(wanted) ? wanted : labelOf(cells[0]!.axes),
      values: assignments(text),
    };
  });
}

/** The symbols in which arms differ: what a run must have in common with the arm that it belongs to. */
export function armSymbols(arms: readonly Arm[]): ReadonlySet<string> {
  const names = new Set(arms.flatMap(({ values }) => [...values.keys()]));
  names.delete('SEED');
  return new Set([...names].filter((name) => new Set(arms.map(({ values }) => values.get(name))).size > 1));
}
