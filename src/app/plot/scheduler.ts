/**
 * Redraws on demand: a plot that is dirty and visible is drawn at most every `INTERVAL` ms when its data change and at the next
 * frame when a reader moves it. A frame stops drawing once its budget is spent, so that no task grows with the number of plots.
 * When nothing is dirty no frame is asked for.
 */

export const INTERVAL = 100;

/** Drawing time a frame may use before the rest waits for the next. */
export const BUDGET = 8;

export interface DrawHandle {
  /** `now`: a reader moves it, and must see it follow. */
  invalidate(now?: boolean): void;
  setVisible(visible: boolean): void;
  dispose(): void;
}

interface Entry {
  draw: () => void;
  dirty: boolean;
  urgent: boolean;
  visible: boolean;
  drawnAt: number;
}

export interface Clock {
  now(): number;
  /** Runs once, soon, and never in a hidden page. */
  frame(callback: () => void): void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  frame: (callback) => void requestAnimationFrame(callback),
};

export class DrawScheduler {
  private readonly entries: Entry[] = [];
  private waiting = false;

  constructor(private readonly clock: Clock = browserClock) {}

  add(draw: () => void): DrawHandle {
    const entry: Entry = { draw, dirty: true, urgent: false, visible: false, drawnAt: -Infinity };
    this.entries.push(entry);
    return {
      invalidate: (now = false) => {
        entry.dirty = true;
        entry.urgent ||= now;
        this.wake();
      },
      setVisible: (visible) => {
        entry.visible = visible;
        this.wake();
      },
      dispose: () => void this.entries.splice(this.entries.indexOf(entry), 1),
    };
  }

  private wake(): void {
    if (this.waiting || !this.entries.some((e) => e.dirty && e.visible)) return;
    this.waiting = true;
    this.clock.frame(() => {
      this.waiting = false;
      this.tick();
      this.wake();
    });
  }

  private tick(): void {
    const start = this.clock.now();
    do {
      const next = this.due(start);
      if (!next) return;
      next.dirty = next.urgent = false;
      next.drawnAt = start;
      next.draw();
    } while (this.clock.now() - start < BUDGET);
  }

  /** The plot that has waited longest among those that may be drawn. */
  private due(now: number): Entry | null {
    let due: Entry | null = null;
    for (const e of this.entries) {
      if (e.dirty && e.visible && (e.urgent || now - e.drawnAt >= INTERVAL) && (!due || e.drawnAt < due.drawnAt))
        due = e;
    }
    return due;
  }
}

/** One for the page: all plots share its frames. */
export const plotScheduler = new DrawScheduler();
