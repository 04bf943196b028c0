/** Work on request, one at a time, of which only the newest matters: an older one ends at its next stage. */
import { Cancelled, type Watch } from '@/experiment/watch';
import { type Progress, SUPERSEDED } from './analysis-protocol';

export class Turns {
  #newest = 0;
  #queue: Promise<unknown> = Promise.resolve();

  /** Runs `work` after what is under way. Rejects with `superseded` once something newer came. */
  take<T>(work: (watch: Watch) => Promise<T>, onProgress: (progress: Progress) => void): Promise<T> {
    const ticket = ++this.#newest;
    const watch: Watch = (stage, done, total) => {
      if (ticket !== this.#newest) throw new Cancelled(SUPERSEDED);
      onProgress({ stage, done, total });
    };
    const turn = this.#queue.then(() => {
      watch('waiting', 0, 1);
      return work(watch);
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Ends what is under way at its next stage; `then` runs after it. */
  cancel(then: () => void = () => undefined): void {
    this.#newest++;
    this.#queue = this.#queue.then(then);
  }
}
