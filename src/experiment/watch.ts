/** Progress and cancelling of a measurement that takes several points. */

export class Cancelled extends Error {
  override name = 'Cancelled';
}

/** Called before every point; may throw Cancelled, after which the measurement frees what it holds. */
export type Watch = (stage: string, done: number, total: number) => void;

export const unwatched: Watch = () => undefined;
