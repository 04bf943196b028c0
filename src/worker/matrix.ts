/** The cells of a preset's header over a configuration, as runs that the page starts one after another. */
import { experimentConfig } from '@/experiment/config';
import { openConfig, openStrict, symbolValues } from '@/experiment/kconfig-tree';
import { makeRunId, utc } from '@/experiment/manifest/build';
import { headerSpec } from '@/experiment/matrix/axes';
import { expandMatrix } from '@/experiment/matrix/expand';
import { configure } from './configure';
import { presetNamed } from './presets';
import type { PageMatrix, RunRequest } from './protocol';

/** The same expansion as `wb matrix`. Throws ConfigError or MatrixError in one line. */
export function pageMatrix(request: RunRequest, now = new Date()): PageMatrix {
  const { preset, full, minimal, customText } = configure(request);
  if (customText)
    throw new Error('a matrix outlives a reload, and a text of your own does not: choose a data set of the menu');
  const spec = headerSpec(presetNamed(preset).text, preset);
  const { cells, excluded } = expandMatrix(minimal, spec, () => openConfig().config);
  return {
    id: makeRunId(`${preset}-matrix`, utc(now), full + JSON.stringify(spec)),
    preset,
    cells: cells.map(({ id, axes, seed, full: config }) => ({
      id,
      label: Object.values(axes).join(' '),
      seed,
      config,
      maxIters: experimentConfig(symbolValues(openStrict(config, id))).training.maxIters,
    })),
    excluded: excluded.map(({ axes, reason }) => `${Object.values(axes).join(' ')}: ${reason}`),
  };
}
