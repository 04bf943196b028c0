/** Where the wall time of a run goes: what the training loop waits for, and when the device has nothing to do. */

/**
 * submit: writing and submitting a step (on the reference: computing it). wait: for the results of steps in flight. eval: held-out
 * loss. observe: what is looked at after an evaluation. save: checkpoints and state. paused: by the reader.
 */
export const PHASES = ['submit', 'wait', 'eval', 'observe', 'save', 'paused'] as const;
export type Phase = (typeof PHASES)[number];

/** Milliseconds of one window. `other`: the rest of `wall` (recording, the page, the sampler). `idle`: no work was on the device. */
export type PhaseTimes = Readonly<Record<Phase | 'wall' | 'other' | 'idle', number>>;

const zero = (): Record<Phase, number> => ({ submit: 0, wait: 0, eval: 0, observe: 0, save: 0, paused: 0 });

export class PhaseClock {
  #began: number;
  #spent = zero();
  #idle = 0;
  /** When the device was last known to be free. */
  #free: number;

  constructor(readonly now: () => number = () => performance.now()) {
    this.#began = this.#free = now();
  }

  /** Runs `work` and counts its time. Phases do not nest. */
  async measure<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const at = this.now();
    try {
      return await work();
    } finally {
      this.#spent[phase] += this.now() - at;
    }
  }

  /** Work was given to the device at `submitted` and was done at `done` (milliseconds of `now`). */
  busy(submitted: number, done: number): void {
    this.#idle += Math.max(0, submitted - this.#free);
    this.#free = Math.max(this.#free, done);
  }

  /** The times since the last call; starts a new window. */
  take(): PhaseTimes {
    const now = this.now();
    const wall = now - this.#began;
    const known = Object.values(this.#spent).reduce((sum, ms) => sum + ms, 0);
    const times = { ...this.#spent, wall, other: Math.max(0, wall - known), idle: Math.min(this.#idle, wall) };
    [this.#began, this.#spent, this.#idle] = [now, zero(), 0];
    return times;
  }
}
