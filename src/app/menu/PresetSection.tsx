/** The preset in use, how far the configuration is from it, and the way to the others. */
import type { ReactNode } from 'react';
import { useMenuStore, useSetup, useWorkbench } from '../context';
import { showPane } from '../stores/menu/cursor';

export function PresetSection(): ReactNode {
  const { menu } = useWorkbench();
  const preset = useSetup((s) => s.preset);
  const title = useSetup((s) => s.presets.find((p) => p.name === s.preset)?.title ?? '');
  const changed = useMenuStore((s) => s.menu?.changes.count ?? 0);
  return (
    <section className="section preset-line" aria-labelledby="preset-title">
      <div className="preset-name">
        <h3 id="preset-title">{title || 'Preset'}</h3>
        <p className="num muted ellipsis" title={preset ?? undefined}>
          {preset ?? 'waiting for the engine'}
        </p>
      </div>
      <div className="preset-actions">
        <button
          type="button"
          disabled={preset === null}
          title="Choose a preset (e in the menu)"
          onClick={() => menu.act((m) => showPane(m, { kind: 'presets' }))}
        >
          Presets
        </button>
        {changed > 0 && (
          <button
            type="button"
            className="quiet menu-changed-count"
            title="Show the changes (v in the menu)"
            onClick={() => menu.act((m) => showPane(m, { kind: 'changes' }))}
          >
            {changed} {changed === 1 ? 'change' : 'changes'}
          </button>
        )}
      </div>
    </section>
  );
}
