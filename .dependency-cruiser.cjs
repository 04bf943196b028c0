/** The layer table of docs/architecture.md: a layer imports the layers before it, never the ones after it. */
const layers = {
  kconfig: [],
  graph: [],
  engine: ['graph'],
  models: ['graph'],
  optim: ['graph', 'engine'],
  pruning: ['graph', 'engine', 'optim'],
  fisher: ['graph', 'engine', 'optim'],
  quant: ['graph', 'engine', 'optim'],
  data: [],
  decode: ['graph', 'engine', 'models'],
  experiment: ['kconfig', 'graph', 'engine', 'models', 'optim', 'pruning', 'fisher', 'quant', 'data', 'decode'],
  worker: ['experiment', 'decode', 'data', 'engine', 'graph', 'models', 'kconfig'],
  app: ['worker', 'kconfig', 'explainers'],
  explainers: ['decode', 'fisher'],
  cli: ['experiment', 'decode', 'kconfig', 'data', 'engine', 'graph', 'models'],
};
const forbidden = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  comment: `src/${layer} may import only: ${[layer, ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: `^src/(${[layer, ...allowed].join('|')})/` },
}));
module.exports = {
  forbidden: [
    ...forbidden,
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: 'node_modules' },
  },
};
