/** Three sentences: what is being trained and what to try next, each with one click to do it. */
import type { ReactNode } from 'react';
import { useMenuStore, useRun, useSetup, useUi, useWorkbench, type Workbench } from '../context';
import { bytes, count, sentences, significant } from '../format';
import { download } from '../plot/export';
import { summaryOf, type PlanStatus } from '../stores/setup';
import type { RunStore } from '../stores/run';

interface Action {
  readonly label: string;
  readonly disabled?: boolean;
  readonly act: () => void;
}

interface Line {
  readonly text: string;
  readonly action: Action | null;
}

export function Sentences(): ReactNode {
  const workbench = useWorkbench();
  const plan = useSetup((s) => s.plan);
  const changed = useMenuStore((s) => (s.menu?.changes.count ?? 0) > 0);
  const title = useSetup((s) => (changed ? null : (s.presets.find((p) => p.name === s.preset)?.title ?? null)));
  const state = useRun((s) => s.state);
  const started = useRun((s) => s.started);
  const ready = useRun((s) => s.connection === 'ready');
  const learned = useRun((s) => s.latest !== null);
  const best = useRun((s) => s.bestVal);
  const lossLog = useUi((s) => s.log.loss ?? false);
  const lines =
    started === null || !learned
      ? beforeRun(workbench, plan, title, ready, state, lossLog)
      : duringRun(workbench, state, started, best, ready, lossLog);
  return (
    <section className="sentences" aria-label="What is being trained, and what to try next">
      <ol>
        {lines.map(({ text, action }) => (
          <li key={text}>
            <p>{text}</p>
            {action && (
              <button type="button" disabled={action.disabled} onClick={action.act}>
                {action.label}
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

const chooseText = (): Action => ({
  label: 'Train on your text',
  act: () => document.getElementById('text-file')?.click(),
});

const logAxis = ({ ui }: Workbench, on: boolean): Action => ({
  label: on ? 'Linear loss axis' : 'Log loss axis',
  act: () => ui.setState((s) => ({ log: { ...s.log, loss: !on } })),
});

function beforeRun(
  workbench: Workbench,
  plan: PlanStatus,
  title: string | null,
  ready: boolean,
  state: RunStore['state'],
  lossLog: boolean,
): Line[] {
  const summary = summaryOf(plan);
  const cost =
    summary !== null
      ? `${title ?? 'This model'} has ${count(summary.parameters)} parameters, sees ${count(summary.tokensPerStep)} tokens a step and needs ${bytes(summary.memory.totalBytes)}.`
      : plan.status === 'refused'
        ? 'This configuration cannot run; the menu says why and what to change.'
        : 'The cost of the preset is being planned.';
  return [
    {
      text: cost,
      action: {
        label: 'Run',
        disabled: !ready || summary === null || state === 'preparing',
        act: () => void workbench.session.run(),
      },
    },
    {
      text: 'It learns to predict the next token of a text; any UTF-8 text will do, and it stays in this browser.',
      action: chooseText(),
    },
    {
      text: 'Below the dashed bigram entropy the model uses more than the last token; watch the validation points pass it.',
      action: logAxis(workbench, lossLog),
    },
  ];
}

function duringRun(
  workbench: Workbench,
  state: RunStore['state'],
  started: NonNullable<RunStore['started']>,
  best: RunStore['bestVal'],
  ready: boolean,
  lossLog: boolean,
): Line[] {
  const { session, run } = workbench;
  const [what, onWhat = '', look = ''] = sentences(started.description);
  const sample: Action = { label: 'Sample text', act: () => void session.sample() };
  if (state === 'running' || state === 'paused' || state === 'preparing') {
    return [
      { text: what, action: sample },
      { text: onWhat, action: chooseText() },
      { text: look, action: logAxis(workbench, lossLog) },
    ].filter((line) => line.text);
  }
  const save = async (file: string): Promise<void> => {
    const content = await session.file(file);
    if (content) download(`${run.getState().started?.runId ?? 'run'}-${file}`, new Blob([new Uint8Array(content)]));
  };
  const bigram = started.references.find((r) => r.id.includes('bigram'));
  const verdict = best
    ? `The best validation loss is ${significant(best.loss, 4)} nats/token at step ${count(best.step)}${
        bigram
          ? `, ${significant(Math.abs(bigram.value - best.loss), 3)} ${best.loss < bigram.value ? 'below' : 'above'} the ${bigram.label}`
          : ''
      }.`
    : what;
  const keep: Line = {
    text: verdict,
    action: { label: 'Save best weights', disabled: !best || !ready, act: () => void save('best.safetensors') },
  };
  const next: Line =
    !ready || state === 'failed'
      ? {
          text: 'The points above are kept until the next run starts.',
          action: { label: 'Run again', disabled: !ready, act: () => void session.run() },
        }
      : { text: 'The model stays loaded: draw text from it at several temperatures.', action: sample };
  return [keep, next, { text: 'Run it again on a text of your own and compare the two curves.', action: chooseText() }];
}
