/** Measurements of this visit: one at a time; results outlive the page's being left and opened again. */
import { createStore } from 'zustand/vanilla';
import {
  CANCELLED,
  DEVICE_LOST,
  type MeasureProgress,
  type Measurement,
  type MeasurementKind,
  type ResultOf,
  type SubjectKind,
} from '@/worker/decode-protocol';
import type { Workbench } from '../context';
import { sentence } from '../stores/notices';
import { keepMeasurement } from '../stores/own';
import { requestOf } from '../stores/setup';

export interface Measurements {
  readonly subject: SubjectKind;
  readonly active: MeasurementKind | null;
  readonly progress: MeasureProgress | null;
  readonly results: { readonly [K in MeasurementKind]?: ResultOf<K> };
  readonly problems: Readonly<Partial<Record<MeasurementKind, Problem>>>;
}

/** Why there is no newer result. */
export interface Problem {
  readonly kind: 'lost' | 'cancelled' | 'failed' | 'note';
  readonly text: string;
}

export const measurements = createStore<Measurements>(() => ({
  subject: 'random',
  active: null,
  progress: null,
  results: {},
  problems: {},
}));

function problemOf(error: unknown): Problem {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (message === CANCELLED) return { kind: 'cancelled', text: 'Cancelled: nothing was kept.' };
  const text = sentence(message);
  if (name !== DEVICE_LOST) return { kind: 'failed', text };
  return { kind: 'lost', text: `${text} Nothing of this measurement was kept; what was measured before stays. Measure again: a new device is opened for it.` }; // prettier-ignore
}

/** Runs one measurement; what goes wrong is kept beside it. */
export async function measure({ session, setup }: Workbench, what: Measurement): Promise<void> {
  const { kind } = what;
  const run = requestOf(setup.getState());
  const told = (problem: Problem): void =>
    measurements.setState(({ problems }) => ({ problems: { ...problems, [kind]: problem } }));
  if (!run) return told({ kind: 'failed', text: 'No preset is chosen: open one in the Lab first.' });
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
    if (lost) told({ kind: 'note', text: `Measured, but explainers cannot show it: ${lost}.` });
  } catch (error) {
    told(problemOf(error));
  } finally {
    measurements.setState({ active: null, progress: null });
  }
}
