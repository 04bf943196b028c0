/** Groups by any symbol, correlations along axes, and the figure of a report. */
import { describe, expect, it } from 'vitest';
import { reportFigure } from '@/experiment/report/figure';
import { reportCsv, reportJson, reportText } from '@/experiment/report/format';
import { axisCorrelations, groupBySymbols } from '@/experiment/report/group';
import { type ReportedRun, makeReport } from '@/experiment/report/report';
import { escapeXml, linearScale, roundTicks } from '@/experiment/report/svg';
import { trainManifest } from './manifest/sample';

const base = trainManifest();
/** A cell of a matrix: axes by symbol, held-out loss. */
function run(axes: Record<string, string>, seed: number, loss: number): ReportedRun {
  const full = Object.entries({ ...axes, BATCH_SIZE: '4', NOTE: '"a \\"b\\""' })
    .map(([name, value]) => (value === 'n' ? `# CONFIG_${name} is not set` : `CONFIG_${name}=${value}`))
    .join('\n');
  const manifest = {
    ...base,
    seed,
    config: { ...base.config!, full },
    results: { ...base.results!, status: 'ok' as const, final: { val_loss: loss } },
  };
  return { id: `${JSON.stringify(axes)}${seed}`, axes, seed, status: 'ok', manifest };
}
const grid = ['1e-3', '3e-3'].flatMap((LR, i) =>
  ['n', 'y'].flatMap((BIAS, j) => [1, 2].map((seed) => run({ LR, BIAS }, seed, 4 - i - 0.1 * j + 0.01 * seed))),
);

describe('groups by any symbol', () => {
  it('pairs runs that agree in the seed and in the other axes', () => {
    const report = makeReport(groupBySymbols(grid, ['BIAS']), 'val_loss');
    expect(report.rows.map(({ group, values }) => [group, values.length])).toEqual([['BIAS=n', 4], ['BIAS=y', 4]]); // prettier-ignore
    const expected = [4.01, 4.02, 3.01, 3.02].map((a) => -0.1 / a);
    expect(report.rows[1]!.paired).toMatchObject({ n: 4 });
    expect(report.rows[1]!.paired!.relative).toBeCloseTo(expected.reduce((a, b) => a + b) / 4, 12);
    expect(report.rows[1]!.paired!.test.p).toBe(2 / 2 ** 4);
  });

  it('takes an axis that decides the group out of the pairing', () => {
    const arms = [1, 2].flatMap((seed) => [
      { ...run({ BIAS: 'n' }, seed, 4), axes: { arm: 'plain' } },
      { ...run({ BIAS: 'y' }, seed, 3), axes: { arm: 'biased' } },
    ]);
    expect(makeReport(groupBySymbols(arms, ['BIAS']), 'val_loss').rows[1]!.paired?.n).toBe(2);
  });

  it('knows symbols that are no axis, and refuses what is no symbol', () => {
    expect(makeReport(groupBySymbols(grid, ['NOTE', 'BATCH_SIZE']), 'val_loss').rows[0]!.group).toBe('NOTE=a "b" BATCH_SIZE=4'); // prettier-ignore
    expect(() => groupBySymbols(grid, ['LEARNING'])).toThrow(/no run has a symbol LEARNING/);
  });
});

describe('correlation along an axis', () => {
  it('is Spearman with all orders counted and the interval of Fisher', () => {
    const values = [2, 1, 4, 3, 5];
    const runs = values.map((value, i) => ({ axes: { N: `N=${2 * i}`, arm: 'a' }, value }));
    const [found, ...rest] = axisCorrelations(runs);
    expect(rest).toEqual([]); // an axis of names has no order
    // rho = 1 - 6 * 4 / (5 * 24); 16 of the 120 orders reach |0.8| (Olds 1938).
    expect(found).toMatchObject({ axis: 'N', n: 5, method: 'exact' });
    expect(found!.rho).toBeCloseTo(0.8, 12);
    expect(found!.p).toBeCloseTo(16 / 120, 12);
    const half = 1.959963984540054 * Math.sqrt(1.06 / 2);
    expect(found!.interval!.low).toBeCloseTo(Math.tanh(Math.atanh(0.8) - half), 10);
    expect(axisCorrelations(runs.slice(0, 2))).toEqual([]);
  });

  it('stands in text, CSV and JSON', () => {
    const report = makeReport(
      [1, 2, 3, 4].map((n) => run({ N: String(n) }, 1, 5 - (n % 4))),
      'val_loss',
    );
    expect(reportText(report)).toMatch(/^N: Spearman -?\d\.\d{3}, 95 % .* \(Fisher z\), p .*all orders\), n 4$/m);
    const [head, ...lines] = reportCsv(report).trimEnd().split('\n');
    expect(new Set([head!, ...lines].map((line) => line.split(',').length)).size).toBe(1);
    const column = head!.split(',').indexOf('spearman');
    expect(Number(lines.at(-1)!.split(',')[column])).toBeCloseTo(report.correlations[0]!.rho, 12);
    expect(lines.at(-1)).toMatch(/^axis N,/);
    expect(JSON.parse(reportJson(report))).toMatchObject({ correlations: [{ axis: 'N', n: 4 }] });
  });
});

describe('the figure', () => {
  const evil = '</title><script>alert(1)</script>';
  const runs = [
    ...[1, 2, 3].map((seed) => run({ arm: 'base' }, seed, 4)),
    ...[1, 2, 3].map((seed) => run({ arm: 'half' }, seed, 2)),
    ...[1, 2, 3].map((seed) => run({ arm: evil }, seed, 3)),
  ];
  const report = makeReport(runs, 'val_loss');
  const curves = runs.map(({ axes }, i) => ({ group: axes['arm']!, points: [[0, 5], [10, 4 - (i % 3) / 10]] as const })); // prettier-ignore
  const svg = reportFigure(report, curves, evil);

  it('draws each group, its band and its change to scale', () => {
    expect(svg.match(/<polyline /g)).toHaveLength(3);
    expect(svg.match(/<polygon /g)).toHaveLength(3);
    const zero = Number(/<line x1="([\d.]+)" x2="\1" y1="[\d.]+" y2="[\d.]+" stroke="#555" stroke-dasharray/.exec(svg)![1]); // prettier-ignore
    const [half, quarter] = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map((match) => Number(match[1]) - zero);
    expect(half! / quarter!).toBeCloseTo(2, 2); // -50 % and -25 %
    expect(half!).toBeLessThan(0);
    for (const words of ['>step<', 'held-out loss (nats a token)', '(%, lower is better)', 'base (n 3)'])
      expect(svg).toContain(words);
  });

  it('shows names with markup as text', () => {
    expect(svg).not.toContain('<script');
    expect(svg.match(/<\/title>/g)).toHaveLength(1);
    expect(svg).toContain('&lt;script&gt;');
    expect(escapeXml('a\u0000<&>"\'')).toBe('a&lt;&amp;&gt;&quot;&#39;');
  });

  it('has round ticks inside the range', () => {
    expect(roundTicks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(roundTicks(-31, 2)).toEqual([-30, -20, -10, 0]);
    const scale = linearScale([3, 3], 0, 100);
    expect(scale.map(3)).toBeCloseTo(50, 9);
    expect(linearScale([], 0, 1).ticks.length).toBeGreaterThan(1);
  });
});
