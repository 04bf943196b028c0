/** `#/docs/<document>/<heading>`: a document of docs/ with its navigation, its outline and its live widgets. */
import { useEffect, useRef, useState, type MouseEvent, type ReactNode } from 'react';
import type { DocumentPage } from 'virtual:docs';
import { findWidget } from '@/explainers/registry';
import { contents, find, FIRST, type Entry } from './contents';
import { DocsSearch } from './DocsSearch';
import './docs.css';

export function DocsPage({ rest }: { readonly rest: string }): ReactNode {
  const [slug, heading = ''] = (rest === '' ? FIRST : rest).split('/');
  const entry = find(slug);
  return (
    <div className="docs">
      <div className="docs-side">
        <DocsSearch />
        <Contents key={`contents of ${slug}`} current={slug} />
      </div>
      {entry ? (
        <Document key={slug} entry={entry} heading={heading} />
      ) : (
        <p role="alert">No document “{slug}”. Choose one from the list.</p>
      )}
    </div>
  );
}

function Contents({ current }: { readonly current: string }): ReactNode {
  return (
    <nav aria-label="Documents" className="docs-nav">
      <details open={matchMedia('(min-width: 761px)').matches}>
        <summary>Documents</summary>
        {contents.map(([name, entries]) => (
          <section key={name}>
            <h2>{name}</h2>
            <ul>
              {entries.map(({ slug, title }) => (
                <li key={slug}>
                  <a href={`#/docs/${slug}`} aria-current={slug === current ? 'page' : undefined}>
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </details>
    </nav>
  );
}

type Loaded =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'ready'; readonly page: DocumentPage };

function Document({ entry, heading }: { readonly entry: Entry; readonly heading: string }): ReactNode {
  const [state, setState] = useState<Loaded>({ kind: 'loading' });
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let live = true;
    entry.load().then(
      (page) => live && setState({ kind: 'ready', page }),
      (error: unknown) => live && setState({ kind: 'failed', why: (error as Error).message }),
    );
    return () => void (live = false);
  }, [entry]);
  const ready = state.kind === 'ready' ? state.page : null;
  useEffect(() => {
    for (const tag of ready?.widgets ?? []) {
      const elements = (): Iterable<HTMLElement> => body.current?.querySelectorAll<HTMLElement>(tag) ?? [];
      findWidget(tag)
        ?.load()
        .then(
          () => [...elements()].forEach(letGo),
          (error: unknown) => {
            for (const element of elements()) {
              element.dataset.drawn = '';
              element.textContent = `${tag} did not load: ${(error as Error).message}. Reload the page.`;
            }
          },
        );
    }
  }, [ready]);
  useEffect(() => {
    if (ready === null) return;
    const target = heading === '' ? null : body.current?.querySelector<HTMLElement>(`#${CSS.escape(heading)}`);
    if (target) {
      target.focus({ preventScroll: true });
      target.scrollIntoView();
    } else if (heading === '') document.getElementById('main')?.scrollTo(0, 0);
  }, [ready, heading]);

  switch (state.kind) {
    case 'loading':
      return <p role="status">Loading {entry.title}…</p>;
    case 'failed':
      return (
        <p role="alert">
          {entry.title} did not load: {state.why}. Reload the page.
        </p>
      );
    case 'ready':
      return (
        <>
          {/* Written at build time from docs/, with everything but widgets escaped. */}
          <article ref={body} onClick={copyCode} dangerouslySetInnerHTML={{ __html: state.page.html }} />
          <Outline slug={entry.slug} page={state.page} />
        </>
      );
  }
}

/** Gives up a widget's kept place in the frame of its first drawing, which comes some time after its script. */
function letGo(element: HTMLElement): void {
  const { shadowRoot } = element;
  if (!shadowRoot || shadowRoot.childElementCount > 0) return void (element.dataset.drawn = '');
  const observer = new MutationObserver(() => {
    element.dataset.drawn = '';
    observer.disconnect();
  });
  observer.observe(shadowRoot, { childList: true });
}

function Outline({ slug, page }: { readonly slug: string; readonly page: DocumentPage }): ReactNode {
  const headings = page.headings.filter((h) => h.depth === 2 || h.depth === 3);
  if (headings.length < 2) return null;
  return (
    <nav aria-label="On this page" className="docs-outline">
      <h2>On this page</h2>
      <ul>
        {headings.map((h) => (
          <li key={h.id} className={h.depth === 3 ? 'inner' : undefined}>
            <a href={`#/docs/${slug}/${h.id}`}>{h.text}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function copyCode(event: MouseEvent<HTMLElement>): void {
  const button = (event.target as HTMLElement).closest<HTMLButtonElement>('button.copy');
  const text = button?.parentElement?.querySelector('code')?.textContent;
  if (!button || text === undefined || text === null) return;
  navigator.clipboard.writeText(text).then(
    () => (button.textContent = 'Copied'),
    () => (button.textContent = 'Not allowed'),
  );
  setTimeout(() => (button.textContent = 'Copy'), 1500);
}
