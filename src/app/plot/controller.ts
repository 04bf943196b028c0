/** A live plot in a host element: two canvases (data, crosshair), sizes, pointer and keys. Knows nothing of React. */
import { CanvasSurface } from './canvas-surface';
import { drawCrosshair, readAt, snap, type Reading } from './crosshair';
import type { Layout } from './layout';
import type { PlotLink } from './link';
import { onThemeChange, screenPalette } from './palette';
import { renderPlot } from './render';
import { plotScheduler, type DrawHandle } from './scheduler';
import type { PlotSpec } from './spec';
import { PAPER } from './surface';

/** Where a plot gets what it shows. `spec` is called at draw time only. */
export interface PlotSource {
  spec(): PlotSpec;
  subscribe(onChange: () => void): () => void;
  /** As `spec`, with every point where those shown are thinned: for saving. Rejects with a text for the reader. */
  complete?(): Promise<PlotSpec>;
}

export interface PlotListener {
  /** After each drawing; `at` is null while no crosshair is shown. */
  onReadings(readings: readonly Reading[], at: number | null, spec: PlotSpec): void;
}

/** Drags shorter than this are clicks. */
const BRUSH_MIN_PX = 6;
/** The narrowest window, of the whole. */
const MIN_SHARE = 1e-4;

export class PlotController {
  private readonly data = document.createElement('canvas');
  private readonly overlay = document.createElement('canvas');
  private readonly drawing: DrawHandle;
  private readonly crosshair: DrawHandle;
  private readonly cleanups: (() => void)[] = [];
  private shown: { spec: PlotSpec; layout: Layout } | null = null;
  private brushFrom: number | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly source: PlotSource,
    private readonly link: PlotLink,
    private readonly listener: PlotListener,
  ) {
    host.append(this.data, this.overlay);
    this.drawing = plotScheduler.add(() => this.draw());
    this.crosshair = plotScheduler.add(() => this.drawOverlay());
    const redraw = (): void => this.drawing.invalidate();

    const resize = new ResizeObserver(redraw);
    resize.observe(host);
    const visibility = new IntersectionObserver(([entry]) => {
      this.drawing.setVisible(entry.isIntersecting);
      this.crosshair.setVisible(entry.isIntersecting);
    });
    visibility.observe(host);
    this.cleanups.push(
      () => resize.disconnect(),
      () => visibility.disconnect(),
      source.subscribe(redraw),
      onThemeChange(redraw),
      link.subscribe((now, before) => {
        if (now.window !== before.window) this.drawing.invalidate(true);
        else this.crosshair.invalidate(true);
      }),
      this.listen(),
    );
  }

  /** The specification with the shared window in place of the whole run. */
  spec(): PlotSpec {
    const spec = this.source.spec();
    const { window } = this.link.getState();
    return window ? { ...spec, x: { ...spec.x, domain: window } } : spec;
  }

  complete(): Promise<PlotSpec> {
    return this.source.complete?.() ?? Promise.resolve(this.source.spec());
  }

  get size(): { width: number; height: number } {
    return { width: this.host.clientWidth, height: this.host.clientHeight };
  }

  invalidate(): void {
    this.drawing.invalidate();
  }

  dispose(): void {
    for (const cleanup of this.cleanups) cleanup();
    this.drawing.dispose();
    this.crosshair.dispose();
    this.data.remove();
    this.overlay.remove();
  }

  private surface(canvas: HTMLCanvasElement): CanvasSurface | null {
    const { left, top } = this.host.getBoundingClientRect();
    const { width, height } = this.size;
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (w === 0 || h === 0) return null;
    // A canvas between device pixels is blurred: shift it onto them and let one canvas pixel be one device pixel.
    const shift = (at: number): string => `${Math.round(at * ratio) / ratio - at}px`;
    Object.assign(canvas.style, {
      left: shift(left),
      top: shift(top),
      width: `${w / ratio}px`,
      height: `${h / ratio}px`,
    });
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    const context = canvas.getContext('2d');
    if (!context) return null;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return new CanvasSurface(context, width, height);
  }

  private draw(palette = screenPalette()): void {
    const surface = this.surface(this.data);
    if (!surface) return;
    const spec = this.spec();
    this.shown = { spec, layout: renderPlot(surface, spec, palette) };
    this.host.dataset['series'] = String(spec.series.filter(({ points }) => points.length > 0).length);
    this.drawOverlay();
  }

  private drawOverlay(): void {
    const surface = this.surface(this.overlay);
    if (!surface || !this.shown) return;
    const { spec, layout } = this.shown;
    const { hover } = this.link.getState();
    const brush = this.brushFrom !== null && hover !== null ? ([this.brushFrom, hover] as const) : null;
    drawCrosshair(surface, spec, layout, screenPalette(), hover, brush);
    this.listener.onReadings(readAt(spec, hover), hover, spec);
  }

  private xOf(event: MouseEvent): number | null {
    if (!this.shown) return null;
    const { left, right } = this.shown.layout.box;
    const px = event.clientX - this.host.getBoundingClientRect().left;
    return this.shown.layout.x.invert(Math.min(right, Math.max(left, px)));
  }

  private listen(): () => void {
    const stop = new AbortController();
    // A dark page is printed light, and a canvas keeps the colours that it was drawn with.
    addEventListener('beforeprint', () => this.draw(PAPER), { signal: stop.signal });
    addEventListener('afterprint', () => this.draw(), { signal: stop.signal });
    const on = <K extends keyof HTMLElementEventMap>(type: K, handle: (event: HTMLElementEventMap[K]) => void): void =>
      this.host.addEventListener(type, handle, { signal: stop.signal });
    on('pointermove', (event) => {
      const x = this.xOf(event);
      if (x !== null && this.shown) this.link.setState({ hover: snap(this.shown.spec, x) });
    });
    on('pointerleave', () => {
      if (this.brushFrom === null) this.link.setState({ hover: null });
    });
    on('pointerdown', (event) => {
      if (event.button !== 0 || event.pointerType === 'touch') return;
      this.brushFrom = this.xOf(event);
      this.host.setPointerCapture(event.pointerId);
    });
    on('pointerup', (event) => this.endBrush(this.xOf(event)));
    on('pointercancel', () => this.endBrush(null));
    on('dblclick', () => this.link.setState({ window: null }));
    const wheel = (event: WheelEvent): void => {
      if (this.wheel(event)) event.preventDefault();
    };
    this.host.addEventListener('wheel', wheel, { signal: stop.signal, passive: false });
    on('blur', () => this.link.setState({ hover: null }));
    on('keydown', (event) => {
      if (this.key(event.key, event.shiftKey)) event.preventDefault();
    });
    return () => stop.abort();
  }

  private endBrush(to: number | null): void {
    const from = this.brushFrom;
    this.brushFrom = null;
    this.crosshair.invalidate(true);
    if (from === null || to === null || !this.shown) return;
    const { x } = this.shown.layout;
    if (Math.abs(x.map(from) - x.map(to)) >= BRUSH_MIN_PX) {
      this.link.setState({ window: [Math.min(from, to), Math.max(from, to)] });
    }
  }

  /** Makes the window `factor` times as wide about `at`, as the axis shows it, within the whole. */
  private zoom(factor: number, at: number): void {
    if (!this.shown) return;
    const { x, box } = this.shown.layout;
    if (factor === Infinity) return this.link.setState({ window: null });
    const px = x.map(at);
    this.show(x.invert(px - (px - box.left) * factor), x.invert(px + (box.right - px) * factor));
  }

  /** Moves the window by pixels; at the ends it stops. */
  private pan(px: number): void {
    const { window } = this.link.getState();
    if (!window || !this.shown) return;
    const { x, box } = this.shown.layout;
    const full = this.source.spec().x.domain;
    const least = x.map(full[0]) - box.left;
    const most = x.map(full[1]) - box.right;
    const by = Math.min(Math.max(px, least), Math.max(least, most));
    this.show(x.invert(box.left + by), x.invert(box.right + by));
  }

  /** Shows a stretch of the whole; null where that is all of it. */
  private show(from: number, to: number): void {
    const full = this.source.spec().x.domain;
    const [lo, hi] = [Math.max(full[0], from), Math.min(full[1], to)];
    if (lo <= full[0] && hi >= full[1]) this.link.setState({ window: null });
    else if (hi - lo >= MIN_SHARE * (full[1] - full[0])) this.link.setState({ window: [lo, hi] });
  }

  /** Ctrl or a pinch zooms about the pointer, sideways pans. A plain wheel scrolls the page. True: taken. */
  private wheel(event: WheelEvent): boolean {
    if (!this.shown) return false;
    if (event.ctrlKey) {
      this.zoom(Math.exp(event.deltaY / 200), this.xOf(event) ?? 0);
      return true;
    }
    const across = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (Math.abs(across) <= (event.shiftKey ? 0 : Math.abs(event.deltaY))) return false;
    this.pan(across);
    return this.link.getState().window !== null;
  }

  /** Arrows move the crosshair by a pixel's worth (ten with shift), + and - zoom about it, page keys pan, 0 shows everything. */
  private key(key: string, fast: boolean): boolean {
    if (!this.shown) return false;
    const { spec, layout } = this.shown;
    const [x0, x1] = spec.x.domain;
    const pixel = (x1 - x0) / Math.max(1, layout.box.right - layout.box.left);
    const hover = this.link.getState().hover ?? x1;
    const move = (to: number): boolean => {
      this.link.setState({ hover: snap(spec, Math.min(x1, Math.max(x0, to))) });
      return true;
    };
    const zoom = (factor: number): boolean => {
      this.zoom(factor, hover);
      return true;
    };
    const pan = (share: number): boolean => {
      this.pan(share * (layout.box.right - layout.box.left));
      return true;
    };
    const stride = Math.max(1, pixel * (fast ? 20 : 4));
    switch (key) {
      case 'ArrowLeft':
        return move(hover - stride);
      case 'ArrowRight':
        return move(hover + stride);
      case 'Home':
        return move(x0);
      case 'End':
        return move(x1);
      case '+':
      case '=':
        return zoom(0.5);
      case '-':
        return zoom(2);
      case '0':
        return zoom(Infinity);
      case 'PageUp':
        return pan(-0.5);
      case 'PageDown':
        return pan(0.5);
      default:
        return false;
    }
  }
}
