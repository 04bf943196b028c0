/**
 * The chrome-less page of one widget: `embed.html?widget=wb-spearman&preset=curved`. It tells its parent its height in CSS pixels,
 * `{ type: 'wb-height', widget, height }`, whenever that changes and when the parent asks with
 * `{ type: 'wb-height?' }`, as it does when it starts to listen later than the frame was drawn. It takes no other message.
 */
import { findWidget, WIDGETS } from '../registry';

async function start(): Promise<void> {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('html { color-scheme: light dark; background: light-dark(#f5f6f7, #0e1114); } body { margin: 0; }');
  document.adoptedStyleSheets = [sheet];
  const query = new URLSearchParams(location.search);
  const name = query.get('widget') ?? '';
  const found = findWidget(name);
  if (!found) {
    document.body.textContent = `No widget "${name}". Choose one of ${WIDGETS.map((w) => w.tag).join(', ')}.`;
    return;
  }
  try {
    await found.load();
  } catch (error) {
    document.body.textContent = `${found.title} did not load: ${String(error)}. Reload the page.`;
    return;
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
