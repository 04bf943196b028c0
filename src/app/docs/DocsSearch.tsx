/** Search box of the documents. Its text is fetched when the box is first used; with the service worker, also offline. */
import { useEffect, useMemo, useRef, useState, type FocusEvent, type KeyboardEvent, type ReactNode } from 'react';
import { search, terms, type DocumentText, type Found, type Hit, type Marked } from './search';

type Index =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'ready'; readonly documents: readonly DocumentText[] };

const address = (hit: Hit): string => `#/docs/${hit.slug}/${hit.id}`;

export function DocsSearch(): ReactNode {
  const [index, setIndex] = useState<Index>({ kind: 'none' });
  const [query, setQuery] = useState('');
  const [open, setOpen] = useState(false);
  const [cursor, setCursor] = useState(0);
  const found = useMemo(() => (index.kind === 'ready' ? search(index.documents, query) : null), [index, query]);
  const hits = found?.hits ?? [];
  const shown = open && terms(query).length > 0;

  const load = (): void => {
    setOpen(true);
    if (index.kind === 'ready' || index.kind === 'loading') return;
    setIndex({ kind: 'loading' });
    import('virtual:docs-search').then(
      ({ default: documents }) => setIndex({ kind: 'ready', documents }),
      (error: unknown) => setIndex({ kind: 'failed', why: String(error) }),
    );
  };
  const close = (hit: Hit): void => {
    setOpen(false);
    // The same address again is no event that the page would hear.
    if (location.hash === address(hit)) document.getElementById(hit.id)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const hit = hits[cursor] as Hit | undefined;
    if (by !== undefined) {
      setOpen(true);
      setCursor(Math.max(0, Math.min(hits.length - 1, cursor + (shown ? by : 0))));
    } else if (event.key === 'Enter' && shown && hit) {
      location.hash = address(hit);
      close(hit);
    } else if (event.key === 'Escape' && shown) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onBlur = (event: FocusEvent): void => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };
  return (
    <div className="docs-search" role="search" onBlur={onBlur}>
      <input
        type="search"
        data-page-search
        role="combobox"
        aria-label="Search the documents"
        aria-expanded={shown && hits.length > 0}
        aria-controls="docs-hits"
        aria-autocomplete="list"
        aria-activedescendant={shown && hits.length > 0 ? `docs-hit-${cursor}` : undefined}
        aria-keyshortcuts="/"
        placeholder="Search   /"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onFocus={load}
        onClick={load}
        onChange={(event) => {
          setQuery(event.target.value);
          setCursor(0);
          load();
        }}
        onKeyDown={onKeyDown}
      />
      <div className="docs-found" hidden={!shown}>
        <p className="muted" role="status">
          {shown ? words(index, found, query) : ''}
        </p>
        <Hits hits={shown ? hits : []} cursor={cursor} onGo={close} />
      </div>
    </div>
  );
}

function words(index: Index, found: Found | null, query: string): string {
  switch (index.kind) {
    case 'none':
    case 'loading':
      return 'Loading the text of the documents…';
    case 'failed':
      return `The text of the documents did not load: ${index.why}. Type again to retry.`;
    case 'ready': {
      const total = found?.total ?? 0;
      if (total === 0)
        return `No section has all of “${query.trim()}”. Try fewer words, or only their beginnings: “quant”, “kv cache”. Options of a run are in the Lab’s menu.`;
      const listed = found?.hits.length ?? 0;
      return listed < total
        ? `${listed} of ${total} sections; another word narrows them`
        : `${total} ${total === 1 ? 'section' : 'sections'}`;
    }
  }
}

interface HitsProps {
  readonly hits: readonly Hit[];
  readonly cursor: number;
  readonly onGo: (hit: Hit) => void;
}

function Hits({ hits, cursor, onGo }: HitsProps): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [cursor, hits]);
  return (
    <div ref={list} id="docs-hits" role="listbox" aria-label="Sections found">
      {hits.map((hit, i) => (
        <a
          key={address(hit)}
          id={`docs-hit-${i}`}
          role="option"
          aria-selected={i === cursor}
          tabIndex={-1}
          href={address(hit)}
          onClick={() => onGo(hit)}
        >
          <span className="docs-hit-title">
            <Text parts={hit.heading} />
            {hit.heading.map((part) => part.text).join('') !== hit.title && <span className="muted"> {hit.title}</span>}
          </span>
          <span className="docs-hit-text">
            <Text parts={hit.excerpt} />
          </span>
        </a>
      ))}
    </div>
  );
}

const Text = ({ parts }: { readonly parts: Marked }): ReactNode =>
  parts.map((part, i) => (part.hit ? <mark key={i}>{part.text}</mark> : part.text));
