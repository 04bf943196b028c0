/**
 * The chrome-less page of one widget: `embed.html?widget=wb-spearman&preset=curved`. It tells its parent its height in CSS pixels,
 * `{ type: 'wb-height', widget, height }`, whenever that changes. It takes no messages.
 */
import { findWidget, WIDGETS } from '../registry';

async function start(): Promise<void> {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('html { color-scheme: light dark; } body { margin: 0; }');
  document.adoptedStyleSheets = [sheet];
  const query = new URLSearchParams(location.search);
  const name = query.get('widget') ?? '';
  const found = findWidget(name);
  if (!found) {
    document.body.textContent = `No widget "${name}". Choose one of ${WIDGETS.map((w) => w.tag).join(', ')}.`;
    return;
  }
  await found.load();
  document.title = found.title;
  const element = document.createElement(found.tag);
  for (const [key, value] of query) if (key !== 'widget') element.setAttribute(key, value);
  document.body.append(element);
  new ResizeObserver(() => {
    const height = Math.ceil(element.getBoundingClientRect().height);
    parent.postMessage({ type: 'wb-height', widget: found.tag, height }, '*');
  }).observe(element);
}

void start();
