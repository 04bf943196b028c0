/** Decode under measurement: the roof of this adapter, and what batch, context, fusion and precision do to decode. */
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { SubjectKind } from '@/worker/decode-protocol';
import { useRun, useSetup } from '../context';
import { isActive } from '../stores/run';
import { measurements } from './measurements';
import { RooflineCard } from './RooflineCard';
import { BandwidthCard, ContextCard, FusionCard, SaturationCard } from './ScalingCards';
import { AsymmetryCard, CalibrationCard, StoreCard } from './StoreCards';
import './decode.css';

export function DecodePage(): ReactNode {
  return (
    <div className="decode">
      <header className="row decode-head">
        <h2>Decode</h2>
        <Subject />
      </header>
      <Condition />
      <RooflineCard />
      <div className="decode-grid">
        <BandwidthCard />
        <SaturationCard />
        <ContextCard />
        <FusionCard />
        <AsymmetryCard />
        <CalibrationCard />
        <StoreCard />
      </div>
    </div>
  );
}

function Subject(): ReactNode {
  const subject = useStore(measurements, (s) => s.subject);
  const active = useStore(measurements, (s) => s.active !== null);
  const preset = useSetup((s) => s.preset);
  const ended = useRun((s) => s.state === 'finished' || s.state === 'stopped');
  return (
    <label className="field">
      <span>Weights</span>
      <select
        value={subject}
        disabled={active}
        onChange={(event) => measurements.setState({ subject: event.target.value as SubjectKind })}
      >
        <option value="random">random, of {preset ?? 'the preset'}</option>
        <option value="run" disabled={!ended}>
          {ended ? 'of the last run' : 'of the last run (none has ended)'}
        </option>
      </select>
    </label>
  );
}

/** Why nothing can be measured now, or what measuring does. */
function Condition(): ReactNode {
  const training = useRun((s) => isActive(s.state));
  const adapter = useRun((s) => s.adapter);
  const connection = useRun((s) => s.connection);
  if (connection === 'crashed')
    return (
      <p role="alert" className="decode-problem">
        The engine worker stopped. Restart it in the <a href="#/lab">Lab</a>; results above stay.
      </p>
    );
  if (adapter?.kind === 'reference')
    return (
      <p role="alert" className="decode-problem">
        This browser has no WebGPU: there is no adapter to measure. The CPU reference is not timed.
      </p>
    );
  if (training)
    return (
      <p role="status" className="decode-note">
        A run is going on. Training and measuring share the adapter and would disturb each other: stop the run, or wait
        for its end.
      </p>
    );
  return (
    <p className="muted decode-note">
      One thing at a time: while a measurement goes on no run can start and no text is drawn.
      {adapter?.software && (
        <span className="warn-text"> This is a software adapter: figures say nothing about hardware.</span>
      )}
    </p>
  );
}
