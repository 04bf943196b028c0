/** Measurements of this visit: one at a time; results outlive the page's being left and opened again. */
import { createStore } from 'zustand/vanilla';
import {
  CANCELLED,
  type MeasureProgress,
  type Measurement,
  type MeasurementKind,
  type ResultOf,
  type SubjectKind,
} from '@/worker/decode-protocol';
import type { Workbench } from '../context';
import { keepMeasurement } from '../stores/own';
import { requestOf } from '../stores/setup';

export interface Measurements {
  readonly subject: SubjectKind;
  readonly active: MeasurementKind | null;
  readonly progress: MeasureProgress | null;
  readonly results: { readonly [K in MeasurementKind]?: ResultOf<K> };
  readonly problems: Readonly<Partial<Record<MeasurementKind, string>>>;
}

export const measurements = createStore<Measurements>(() => ({
  subject: 'random',
  active: null,
  progress: null,
  results: {},
  problems: {},
}));

/** Runs one measurement; what goes wrong is kept beside it. */
export async function measure({ session, setup }: Workbench, what: Measurement): Promise<void> {
  const { kind } = what;
  const run = requestOf(setup.getState());
  const told = (text: string): void =>
    measurements.setState(({ problems }) => ({ problems: { ...problems, [kind]: text } }));
  if (!run) return told('no preset is chosen: open one in the Lab first');
  const { subject, active } = measurements.getState();
  if (active) return;
  measurements.setState(({ problems }) => ({
    active: kind,
    progress: null,
    problems: { ...problems, [kind]: undefined },
  }));
  try {
    const result = await session.measure({ subject: kind === 'roofline' ? 'random' : subject, run, what }, (progress) =>
      measurements.setState({ progress }),
    );
    measurements.setState(({ results }) => ({ results: { ...results, [kind]: result } }));
    const lost = keepMeasurement(result);
    if (lost) told(`Measured, but explainers cannot show it: ${lost}.`);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    told(text === CANCELLED ? 'Cancelled: nothing was kept.' : text);
  } finally {
    measurements.setState({ active: null, progress: null });
  }
}
