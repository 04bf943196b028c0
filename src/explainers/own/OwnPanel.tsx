/** What the reader measured, in a panel of its own beside the reported figures: never on their axes, always with its adapter. */
import type { ReactNode } from 'react';
import type { OwnKind, OwnOf, OwnRecord } from './record';
import type { OwnSource } from './source';
import {
  AsymmetryView,
  ContextView,
  FisherView,
  FusionView,
  PruningView,
  RooflineView,
  SaturationView,
  SecondMomentView,
} from './views';

/** Where each kind is measured: a page of the workbench and what to press there. */
const HOW: { readonly [K in OwnKind]: readonly [page: string, what: string] } = {
  roofline: ['decode', 'Roofline of this adapter'],
  saturation: ['decode', 'Batch saturation'],
  context: ['decode', 'Context scaling'],
  fusion: ['decode', 'Fusion'],
  asymmetry: ['decode', 'K/V precision asymmetry'],
  pruning: ['lab', 'Run with a pruning preset'],
  fisher: ['lab', 'Run, with the Fisher trace at evaluations'],
  'second-moment': ['lab', 'Fisher and Adam, after a run'],
};

export function OwnPanel<K extends OwnKind>({ own, kind }: { readonly own: OwnSource; readonly kind: K }): ReactNode {
  const answer = own.of(kind);
  const records = answer.status === 'ready' ? (answer.records as readonly OwnOf<K>[]) : [];
  return (
    <section className="own" aria-label="Your own measurement">
      <h3>Your own measurement</h3>
      {answer.status === 'loading' && <p className="note">Loading…</p>}
      {answer.status === 'failed' && (
        <p className="error" role="alert">
          {answer.message}
        </p>
      )}
      {answer.status === 'ready' && records.length === 0 && <Empty kind={kind} lab={own.lab} />}
      {records.length > 0 && (
        <>
          <Origin of={records[0]} />
          <View records={records} />
          <Link kind={kind} lab={own.lab} text="Measure again" />
        </>
      )}
    </section>
  );
}

function Origin({ of }: { readonly of: OwnRecord }): ReactNode {
  return (
    <p className="note">
      {of.adapter}, {of.preset}, {of.subject}
      {of.taken ? `, ${of.taken.slice(0, 16).replace('T', ' ')} UTC` : ''}{' '}
      {of.software && <span className="badge">software adapter: says nothing about hardware</span>}
    </p>
  );
}

function Empty({ kind, lab }: { readonly kind: OwnKind; readonly lab: string | null }): ReactNode {
  const [page, what] = HOW[kind];
  const where = `on its page ${page === 'lab' ? 'Lab' : 'Decode'}: “${what}”`;
  if (lab === null) return <p className="note">None is stored in this page. The workbench measures it {where}.</p>;
  return (
    <p className="note">
      None is stored here yet. The workbench measures it {where}. It stays in this browser.{' '}
      <Link kind={kind} lab={lab} text="Measure it" />
    </p>
  );
}

function Link({
  kind,
  lab,
  text,
}: {
  readonly kind: OwnKind;
  readonly lab: string | null;
  readonly text: string;
}): ReactNode {
  if (lab === null) return null;
  return (
    <a className="own-link" href={`${lab}#/${HOW[kind][0]}`} target={framed() ? '_blank' : undefined} rel="noopener">
      {text}
    </a>
  );
}

const framed = (): boolean => globalThis.top !== globalThis.self;

function View({ records }: { readonly records: readonly OwnRecord[] }): ReactNode {
  const [r] = records;
  switch (r.kind) {
    case 'roofline':
      return <RooflineView of={r} />;
    case 'saturation':
      return <SaturationView of={r} />;
    case 'context':
      return <ContextView of={r} />;
    case 'fusion':
      return <FusionView of={r} />;
    case 'asymmetry':
      return <AsymmetryView of={r} />;
    case 'pruning':
      return <PruningView of={records as readonly OwnOf<'pruning'>[]} />;
    case 'fisher':
      return <FisherView of={r} />;
    case 'second-moment':
      return <SecondMomentView of={r} />;
  }
}
