/**
 * The time of each step, from the moments at which its result was submitted and arrived. With several steps in flight a busy thread
 * learns of two or three of them in one turn: the time between those arrivals says nothing, so they share the time they took together.
 */
export interface Flying {
  readonly submitted: number;
  /** When its result arrived, as far as is known. */
  arrived?: number;
}

/** Arrivals closer than this came in one turn of the event loop. */
const ONE_TURN_MS = 1;

/** Browsers round their clock to 0.1 ms. */
const CLOCK_QUANTUM_MS = 0.1;

export class StepTimes {
  /** When the device was last known to be free. */
  #free: number;

  /** @param start milliseconds of the clock that the flights are read by */
  constructor(start: number) {
    this.#free = start;
  }

  /** Milliseconds of the step that has just arrived. `behind`: those submitted after it, in order. */
  take(first: Flying & { readonly arrived: number }, behind: readonly Flying[]): number {
    const begin = Math.max(this.#free, first.submitted);
    let last = first.arrived;
    let together = 1;
    for (const { arrived } of behind) {
      if (arrived === undefined || arrived - last > ONE_TURN_MS) break;
      last = arrived;
      together++;
    }
    const share = (last - begin) / together;
    this.#free = begin + share;
    return Math.max(share, CLOCK_QUANTUM_MS);
  }
}
