/**
 * The chrome-less page of one widget: `embed.html?widget=wb-spearman&preset=curved`. It tells its parent its height in CSS pixels,
 * `{ type: 'wb-height', widget, height }`, whenever that changes and when the parent asks with
 * `{ type: 'wb-height?' }`, as it does when it starts to listen later than the frame was drawn. It takes no other message.
 */
import { findWidget, WIDGETS } from '../registry';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function say(problem: string): void {
  const paragraph = document.createElement('p');
  paragraph.role = 'alert';
  paragraph.textContent = problem;
  document.body.replaceChildren(paragraph);
}

async function start(): Promise<void> {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    'html { color-scheme: light dark; background: light-dark(#f5f6f7, #0e1114); } body { margin: 0; } p { margin: 12px; padding: 8px; font: 14px/1.5 system-ui, sans-serif; color: light-dark(#b3261e, #ff8f86); background: light-dark(#fdeceb, #2f1816); border: 1px solid light-dark(#e08a85, #86423d); border-radius: 4px; }',
  );
  document.adoptedStyleSheets = [sheet];
  const query = new URLSearchParams(location.search);
  const name = query.get('widget') ?? '';
  const found = findWidget(name);
  if (!found) {
    return say(`No widget "${name}". Choose one of ${WIDGETS.map((w) => w.tag).join(', ')}.`);
  }
  try {
    await found.load();
  } catch (error) {
    return say(`${found.title} did not load: ${messageOf(error)}. Reload the page.`);
  }
  document.title = found.title;
  const element = document.createElement(found.tag);
  for (const [key, value] of query) if (key !== 'widget') element.setAttribute(key, value);
  document.body.append(element);
  const tell = (): void => {
    const height = Math.ceil(element.getBoundingClientRect().height);
    parent.postMessage({ type: 'wb-height', widget: found.tag, height }, '*');
  };
  new ResizeObserver(tell).observe(element);
  // A browser draws no frame that is out of sight, and resize observers then are silent.
  if (element.shadowRoot) new MutationObserver(tell).observe(element.shadowRoot, { childList: true, subtree: true });
  addEventListener('message', ({ source, data }: MessageEvent<{ readonly type?: unknown } | null>) => {
    if (source === parent && data?.type === 'wb-height?') tell();
  });
}

void start();
