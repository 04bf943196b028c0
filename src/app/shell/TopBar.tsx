/** Name, pages, preset, adapter, run state, control. */
import type { ReactNode } from 'react';
import { useMenuStore, useRun, useSetup, useWorkbench } from '../context';
import { pages, type Page } from '../routes';
import { AdapterBadge } from './AdapterBadge';
import { RunControls } from './RunControls';
import { RunProgress, RunStatus } from './RunStatus';

export function TopBar({ page }: { readonly page: Page }): ReactNode {
  const { ui } = useWorkbench();
  const preset = useSetup((s) => s.preset);
  const running = useRun((s) => s.started?.preset ?? null);
  const changed = useMenuStore((s) => s.menu?.changes.count ?? 0);
  return (
    <header className="topbar">
      <div className="topbar-row">
        <h1 className="brand">
          knlp <span>workbench</span>
        </h1>
        {pages.length > 1 && (
          <nav aria-label="Pages" className="pages">
            {pages.map(({ path, title }) => (
              <a key={path} href={`#/${path}`} aria-current={path === page.path ? 'page' : undefined}>
                {title}
              </a>
            ))}
          </nav>
        )}
        <span className="topbar-preset num" title="Preset">
          {preset ?? running ?? ''}
          {changed > 0 && <span className="muted"> +{changed} changed</span>}
        </span>
        <AdapterBadge />
        <RunStatus />
        <div className="topbar-controls">
          <RunControls focusRun />
        </div>
        <button
          type="button"
          className="quiet help-button"
          aria-label="Keys and help"
          title="Keys and help (?)"
          onClick={() => ui.setState({ helpOpen: true })}
        >
          ?
        </button>
      </div>
      <RunProgress />
    </header>
  );
}
