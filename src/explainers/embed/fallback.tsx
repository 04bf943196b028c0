/** The first plot of a widget in its default state as a standalone SVG: what a page shows where no script runs. Build time only. */
import { renderToStaticMarkup } from 'react-dom/server';
import { WIDGETS } from '../registry';
import { WidgetView } from '../widget/define';
import { STYLE } from '../widget/style';

const ROW = 18;
const LEFT = 12;

/** @returns file name to SVG text, one for each widget */
export async function fallbacks(): Promise<Readonly<Record<string, string>>> {
  const drawn = await Promise.all(
    WIDGETS.map(async (entry) => {
      const widget = await entry.load();
      return [
        `${entry.tag}.svg`,
        svgOf(renderToStaticMarkup(<WidgetView widget={widget} get={() => null} />)),
      ] as const;
    }),
  );
  return Object.fromEntries(drawn);
}

/** @throws when the markup has no plot */
export function svgOf(markup: string): string {
  const figure = /<figure class="plot".*?<\/figure>/s.exec(markup)?.[0];
  const title = figure && /<figcaption[^>]*>(.*?)<\/figcaption>/s.exec(figure)?.[1];
  const plots = figure && [...figure.matchAll(/<div class="plot-hold">(.*?)<\/div>/gs)][0]?.[1];
  if (!title || !plots) throw new Error('a widget drew no plot to make a fallback of');
  const [width, height] = /<svg width="(\d+)" height="(\d+)"/.exec(plots)!.slice(1).map(Number);
  const legend = [...figure.matchAll(/<li>(<svg.*?<\/svg>)(.*?)<\/li>/gs)];
  const top = 30 + legend.length * ROW;
  const rows = legend.map(
    ([, mark, name], i) =>
      `<g transform="translate(${LEFT} ${30 + i * ROW})">${mark}<text x="24" y="9">${name}</text></g>`,
  );
  const heading = `<text class="title" x="${LEFT}" y="20">${title}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top + height}" viewBox="0 0 ${width} ${top + height}" role="img" aria-label="${title}"><style>${style()}</style><rect class="paper" width="100%" height="100%"/>${heading}${rows.join('')}<g transform="translate(0 ${top})">${plots}</g></svg>\n`;
}

/** The rules of the widgets' sheet that plots need, with the colours of both themes. */
function style(): string {
  const colours = [...STYLE.matchAll(/(--[\w-]+): light-dark\((#\w+), (#\w+)\);/g)];
  const declare = (i: number): string => colours.map((c) => `${c[1]}:${c[i]}`).join(';');
  const rules = STYLE.split('\n').filter((line) => /^(svg |\.grid|\.line|\.dot|\.ring|\.c\d)/.test(line));
  return [
    `:root{${declare(2)}}`,
    `@media (prefers-color-scheme: dark){:root{${declare(3)}}}`,
    ...rules,
    '.paper{fill:var(--surface)}',
    'svg .title{fill:var(--text);font:600 13px system-ui,sans-serif}',
  ].join('');
}
