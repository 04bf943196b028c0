/** Preset cards, and what the chosen one will cost before anything runs. */
import type { ReactNode } from 'react';
import { useRun, useSetup, useWorkbench } from '../context';
import { bytes, count, flops } from '../format';
import { isActive } from '../stores/run';

export function PresetSection(): ReactNode {
  const { session } = useWorkbench();
  const presets = useSetup((s) => s.presets);
  const chosen = useSetup((s) => s.preset);
  const active = useRun((s) => isActive(s.state));
  return (
    <section className="section" aria-labelledby="preset-title">
      <h3 id="preset-title">Preset</h3>
      {presets.length === 0 && <p className="muted">Waiting for the engine.</p>}
      <div className="cards" role="radiogroup" aria-labelledby="preset-title">
        {presets.map(({ name, title }) => (
          <label key={name} className="card" data-checked={name === chosen}>
            <input
              type="radio"
              name="preset"
              value={name}
              checked={name === chosen}
              onChange={() => void session.selectPreset(name)}
            />
            <span className="card-title">{title}</span>
            <span className="num muted">{name}</span>
          </label>
        ))}
      </div>
      {active && <p className="muted">A run is going on. What you choose here is used by the next one.</p>}
      <Cost />
    </section>
  );
}

function Cost(): ReactNode {
  const plan = useSetup((s) => s.plan);
  switch (plan.status) {
    case 'none':
      return null;
    case 'planning':
      return <p className="muted">Planning memory and dispatches.</p>;
    case 'refused':
      return (
        <div className="callout danger" role="alert">
          <strong>This configuration cannot run</strong>
          <p className="pre">{plan.reason}</p>
        </div>
      );
    case 'ready': {
      const { parameters, flopsPerToken, tokensPerStep, memory, dispatchesPerStep, cacheBytesPerToken } = plan.summary;
      const rows: readonly (readonly [string, string])[] = [
        ['Parameters', count(parameters)],
        ['Training cost', `${flops(flopsPerToken)}/token`],
        ['Tokens a step', count(tokensPerStep)],
        ['Memory', bytes(memory.totalBytes)],
        ['Dispatches a step', count(dispatchesPerStep)],
        ['KV cache', `${bytes(cacheBytesPerToken)}/token`],
      ];
      return (
        <dl className="facts" aria-label="Planned cost">
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="num">{value}</dd>
            </div>
          ))}
        </dl>
      );
    }
    default:
      return plan satisfies never;
  }
}
