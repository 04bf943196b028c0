/** Surface on a 2-D canvas context that is already scaled to CSS pixels. */
import { FONT_SIZE, MONO, SANS, type Stroke, type Surface, type TextStyle } from './surface';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export class CanvasSurface implements Surface {
  constructor(
    private readonly context: Context,
    readonly width: number,
    readonly height: number,
  ) {
    context.lineJoin = 'round';
    context.lineCap = 'butt';
  }

  fill(x: number, y: number, width: number, height: number, colour: string): void {
    this.context.fillStyle = colour;
    this.context.fillRect(x, y, width, height);
  }

  clip(x: number, y: number, width: number, height: number, draw: () => void): void {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    draw();
    context.restore();
  }

  path(xy: Float64Array, count: number, stroke: Stroke): void {
    const { context } = this;
    context.beginPath();
    let pen = false;
    for (let i = 0; i < count; i++) {
      const x = xy[2 * i];
      const y = xy[2 * i + 1];
      if (x !== x || y !== y) pen = false;
      else if (pen) context.lineTo(x, y);
      else {
        context.moveTo(x, y);
        pen = true;
      }
    }
    this.stroke(stroke);
  }

  line(x0: number, y0: number, x1: number, y1: number, stroke: Stroke): void {
    const { context } = this;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    this.stroke(stroke);
  }

  circle(x: number, y: number, radius: number, fill: string, stroke: Stroke): void {
    const { context } = this;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
    this.stroke(stroke);
  }

  text(x: number, y: number, content: string, style: TextStyle): void {
    const { context } = this;
    context.font = font(style);
    context.textAlign = style.align === 'middle' ? 'center' : (style.align ?? 'start');
    context.textBaseline = style.anchor === 'middle' ? 'middle' : 'alphabetic';
    if (style.halo) {
      context.strokeStyle = style.halo;
      context.lineWidth = 4;
      context.setLineDash([]);
      context.strokeText(content, x, y);
    }
    context.fillStyle = style.colour;
    context.fillText(content, x, y);
  }

  measure(content: string, style: Pick<TextStyle, 'mono' | 'bold' | 'size'>): number {
    this.context.font = font(style);
    return this.context.measureText(content).width;
  }

  private stroke(stroke: Stroke): void {
    const { context } = this;
    context.globalAlpha = stroke.opacity ?? 1;
    context.strokeStyle = stroke.colour;
    context.lineWidth = stroke.width;
    context.setLineDash((stroke.dash ?? []) as number[]);
    context.stroke();
    context.globalAlpha = 1;
  }
}

const font = (style: Pick<TextStyle, 'mono' | 'bold' | 'size'>): string =>
  `${style.bold ? '600 ' : ''}${style.size ?? FONT_SIZE}px ${style.mono ? MONO : SANS}`;
