/** Analyses of trained weights. Their code loads with the first call: the first load has a budget. */
import type { AnalysisApi } from './analysis-protocol';
import type { FisherAdam } from './fisher-adam';
import type { OneShotPruner } from './one-shot';
import type { AnalysisHost } from './snapshot';

export class Analyses implements AnalysisApi {
  #pruner: Promise<OneShotPruner> | null = null;
  #fisher: Promise<FisherAdam> | null = null;

  constructor(readonly host: AnalysisHost) {}

  readonly oneShot: AnalysisApi['oneShot'] = async (...args) => {
    this.#pruner ??= import('./one-shot').then(({ OneShotPruner }) => new OneShotPruner(this.host));
    return (await this.#pruner).oneShot(...args);
  };

  readonly cancelOneShot = async (): Promise<void> => (await this.#pruner)?.cancelOneShot();

  readonly fisherAdam: AnalysisApi['fisherAdam'] = async (...args) => {
    this.#fisher ??= import('./fisher-adam').then(({ FisherAdam }) => new FisherAdam(this.host));
    return (await this.#fisher).fisherAdam(...args);
  };

  readonly cancelFisherAdam = async (): Promise<void> => (await this.#fisher)?.cancelFisherAdam();

  /** The adapter is wanted by another run, or gone. */
  forget(): void {
    void this.#pruner?.then((pruner) => pruner.forget());
    void this.#fisher?.then((fisher) => fisher.cancelFisherAdam());
  }
}
