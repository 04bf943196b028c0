/** Words of a widget's plots that leave their drawing or lie on each other, a line each. */
import type { Page } from 'playwright-core';

export const crowded = (page: Page, tag: string): Promise<string[]> =>
  page.locator(`${tag} .plot-hold > svg:first-child`).evaluateAll((drawings) =>
    drawings.flatMap((svg) => {
      const frame = svg.getBoundingClientRect();
      const words = [...svg.querySelectorAll('text')]
        .map((e) => ({ text: e.textContent, box: e.getBoundingClientRect() }))
        .filter((w) => w.text.trim() !== '');
      const cut = words
        .filter(
          ({ box }) =>
            box.left < frame.left - 1 ||
            box.right > frame.right + 1 ||
            box.top < frame.top - 1 ||
            box.bottom > frame.bottom + 1,
        ) // prettier-ignore
        .map((w) => `cut off: ${w.text}`);
      const meet = words.flatMap((a, i) =>
        words
          .slice(i + 1)
          .filter(({ box: b }) => {
            const x = Math.min(a.box.right, b.right) - Math.max(a.box.left, b.left);
            const y = Math.min(a.box.bottom, b.bottom) - Math.max(a.box.top, b.top);
            // Lines of text are two pixels taller than their letters.
            return x > 0.5 && y > 4;
          })
          .map((b) => `“${a.text}” on “${b.text}”`),
      );
      return [...cut, ...meet];
    }),
  );
