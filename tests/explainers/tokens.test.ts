/** Widgets carry their own colours; they must stay those of the page. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STYLE } from '@/explainers/widget/style';

it('widget colours equal the tokens of the page', () => {
  const css = readFileSync(new URL('../../src/app/styles/tokens.css', import.meta.url), 'utf8');
  const [light, dark] = css
    .split('@media')
    .map((part) => new Map([...part.matchAll(/(--[\w-]+): (#\w+);/g)].map((m) => [m[1], m[2]])));
  expect(light.size).toBeGreaterThan(20);
  for (const [name, value] of light)
    expect(STYLE).toContain(`${name}: light-dark(${value}, ${dark.get(name) ?? value});`);
});
