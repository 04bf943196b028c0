/** Surface that writes SVG text: presentation attributes only, so the file stands alone. */
import { FONT_SIZE, MONO, SANS, type Stroke, type Surface, type TextStyle } from './surface';

export class SvgSurface implements Surface {
  private readonly parts: string[] = [];
  private clips = 0;

  constructor(
    readonly width: number,
    readonly height: number,
    private readonly title: string,
  ) {}

  fill(x: number, y: number, width: number, height: number, colour: string): void {
    this.parts.push(`<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="${colour}"/>`);
  }

  clip(x: number, y: number, width: number, height: number, draw: () => void): void {
    const id = `c${this.clips++}`;
    this.parts.push(
      `<clipPath id="${id}"><rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"/></clipPath>`,
      `<g clip-path="url(#${id})">`,
    );
    draw();
    this.parts.push('</g>');
  }

  path(xy: Float64Array, count: number, stroke: Stroke): void {
    let d = '';
    let pen = false;
    for (let i = 0; i < count; i++) {
      const x = xy[2 * i];
      const y = xy[2 * i + 1];
      if (x !== x || y !== y) pen = false;
      else {
        d += `${pen ? 'L' : 'M'}${n(x)} ${n(y)}`;
        pen = true;
      }
    }
    if (d) this.parts.push(`<path d="${d}" fill="none" stroke-linejoin="round"${strokeOf(stroke)}/>`);
  }

  line(x0: number, y0: number, x1: number, y1: number, stroke: Stroke): void {
    this.parts.push(`<path d="M${n(x0)} ${n(y0)}L${n(x1)} ${n(y1)}"${strokeOf(stroke)}/>`);
  }

  circle(x: number, y: number, radius: number, fill: string, stroke: Stroke): void {
    this.parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${fill}"${strokeOf(stroke)}/>`);
  }

  text(x: number, y: number, content: string, style: TextStyle): void {
    const size = style.size ?? FONT_SIZE;
    const baseline = style.anchor === 'middle' ? y + size * 0.35 : y;
    const halo = style.halo ? ` stroke="${style.halo}" stroke-width="4" paint-order="stroke"` : '';
    const weight = style.bold ? ' font-weight="600"' : '';
    const family = (style.mono ? MONO : SANS).replaceAll('"', "'");
    this.parts.push(
      `<text x="${n(x)}" y="${n(baseline)}" font-family="${family}" font-size="${size}"${weight}` +
        ` text-anchor="${style.align ?? 'start'}" fill="${style.colour}"${halo}>${escape(content)}</text>`,
    );
  }

  /** Without a font at hand: mean advance widths of common system fonts. */
  measure(content: string, style: Pick<TextStyle, 'mono' | 'bold' | 'size'>): number {
    return content.length * (style.size ?? FONT_SIZE) * (style.mono ? 0.602 : 0.54);
  }

  toString(): string {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${n(this.width)}" height="${n(this.height)}"` +
        ` viewBox="0 0 ${n(this.width)} ${n(this.height)}" role="img">`,
      `<title>${escape(this.title)}</title>`,
      ...this.parts,
      '</svg>',
      '',
    ].join('\n');
  }
}

const n = (v: number): string => String(Math.round(v * 100) / 100);

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function strokeOf(stroke: Stroke): string {
  const opacity = stroke.opacity === undefined ? '' : ` stroke-opacity="${stroke.opacity}"`;
  const dash = stroke.dash ? ` stroke-dasharray="${stroke.dash.join(' ')}"` : '';
  return ` stroke="${stroke.colour}" stroke-width="${n(stroke.width)}"${opacity}${dash}`;
}
