/** The shell: top bar, the page that the hash names, dialogs, keys. */
import { useCallback, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import { useWorkbench } from './context';
import { pages, parseLocation } from './routes';
import { HelpDialog } from './shell/HelpDialog';
import { shellBindings } from './shell/bindings';
import { useKeys } from './shell/keys';
import { TopBar } from './shell/TopBar';

const onHash = (listener: () => void): (() => void) => {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
};

export function App(): ReactNode {
  const workbench = useWorkbench();
  const hash = useSyncExternalStore(onHash, () => location.hash);
  const { page, rest } = useMemo(() => parseLocation(hash, ''), [hash]);
  const bindings = useMemo(() => shellBindings(workbench, pages), [workbench]);
  useKeys(
    bindings,
    useCallback(() => workbench.ui.getState().singleKeys, [workbench]),
  );
  const Component = page.component;
  return (
    <>
      <a className="skip" href={`#/${page.path}`} onClick={() => document.getElementById('main')?.focus()}>
        Skip to {page.title}
      </a>
      <TopBar page={page} />
      <main id="main" tabIndex={-1}>
        <Component rest={rest} />
      </main>
      <HelpDialog bindings={bindings} />
    </>
  );
}
