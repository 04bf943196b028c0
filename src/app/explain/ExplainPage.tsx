/** `#/explain` lists the widgets, `#/explain/<widget>` shows one. */
import { createElement, useEffect, useState, type ReactNode } from 'react';
import { findWidget, WIDGETS, type Entry } from '@/explainers/registry';
import './explain.css';

export function ExplainPage({ rest }: { readonly rest: string }): ReactNode {
  const found = rest === '' ? WIDGETS[0] : findWidget(rest);
  return (
    <div className="explain">
      <nav aria-label="Explainers">
        {WIDGETS.map((w) => (
          <a key={w.tag} href={`#/explain/${w.tag}`} aria-current={w === found ? 'page' : undefined}>
            {w.title}
          </a>
        ))}
      </nav>
      {found ? (
        <Shown key={found.tag} entry={found} />
      ) : (
        <p role="alert">No explainer “{rest}”. Choose one from the list.</p>
      )}
    </div>
  );
}

function Shown({ entry }: { readonly entry: Entry }): ReactNode {
  const [state, setState] = useState<'loading' | 'ready' | string>('loading');
  useEffect(() => {
    let live = true;
    entry.load().then(
      () => live && setState('ready'),
      (error: unknown) =>
        live && setState(`${entry.title} did not load: ${(error as Error).message}. Reload the page.`),
    );
    return () => void (live = false);
  }, [entry]);
  if (state === 'ready') return createElement(entry.tag);
  return (
    <p role={state === 'loading' ? 'status' : 'alert'}>{state === 'loading' ? `Loading ${entry.title}…` : state}</p>
  );
}
