/** Pause, stop and save, from outside the training loop; each takes effect between two steps. */
export class RunControl {
  #resume: (() => void) | null = null;
  #waiting: Promise<void> | null = null;
  stopped = false;
  #save = false;

  /** Asks for the state to be saved at the next step: the page is being hidden and may not come back. */
  requestSave(): void {
    this.#save = true;
  }

  takeSaveRequest(): boolean {
    const asked = this.#save;
    this.#save = false;
    return asked;
  }

  get paused(): boolean {
    return this.#waiting !== null;
  }

  pause(): void {
    this.#waiting ??= new Promise((resolve) => (this.#resume = resolve));
  }

  resume(): void {
    this.#resume?.();
    this.#waiting = null;
    this.#resume = null;
  }

  stop(): void {
    this.stopped = true;
    this.resume();
  }

  async whenRunning(): Promise<void> {
    await this.#waiting;
  }
}
