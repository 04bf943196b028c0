/** The package as npm would publish it, unpacked into an empty project: every export loads, has types, and goes through a bundler. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WIDGETS } from '@/explainers/registry';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TAGS = WIDGETS.map((w) => w.tag);
let project: string;
let paths: string[];

beforeAll(() => {
  if (!existsSync(`${ROOT}/dist/embed`)) throw new Error('dist/ is missing: run "make build" first');
  project = mkdtempSync(join(tmpdir(), 'wb-package-'));
  const home = join(project, 'node_modules/knlp-workbench');
  mkdirSync(home, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] }); // prettier-ignore
  const [{ filename, files }] = JSON.parse(String(packed)) as { filename: string; files: { path: string }[] }[];
  paths = files.map((f) => f.path);
  execFileSync('tar', ['xzf', join(project, filename), '-C', home, '--strip-components=1']);
  writeFileSync(join(project, 'package.json'), '{"type":"module","private":true}');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const write = (name: string, lines: readonly string[]): void => writeFileSync(join(project, name), lines.join('\n'));

it('every export loads where there is no document, as on a server', () => {
  write('all.js', [
    ...TAGS.map((tag, i) => `import { widget as w${i} } from 'knlp-workbench/embed/${tag}';`),
    `console.log(JSON.stringify([${TAGS.map((_, i) => `w${i}.tag`).join()}]));`,
    `console.log(import.meta.resolve('knlp-workbench/fallback/${TAGS[0]}.svg'));`,
  ]);
  const [tags, svg] = String(execFileSync(process.execPath, ['all.js'], { cwd: project })).split('\n');
  expect(JSON.parse(tags)).toEqual(TAGS);
  expect(existsSync(fileURLToPath(svg))).toBe(true);
});

it('types resolve as Node resolves them, and know the attributes', () => {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  write('ok.ts', [
    ...TAGS.map((tag, i) => `import { widget as w${i} } from 'knlp-workbench/embed/${tag}';\nexport const t${i}: '${tag}' = w${i}.tag;`),
    `import type { Attributes } from 'knlp-workbench/embed/wb-roofline';`,
    `export const a: Attributes = { device: 'H200', batch: '32', theme: 'dark', 'data-src': 'own.json' };`,
    `export const e: HTMLElement = document.createElement('wb-roofline');`,
  ]); // prettier-ignore
  write('bad.ts', [
    `import type { Attributes } from 'knlp-workbench/embed/wb-roofline';`,
    `export const a: Attributes = { device: 'H2000' };`,
  ]);
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', 'ok.ts', 'bad.ts'], { cwd: project, encoding: 'utf8' }); // prettier-ignore
  expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^bad\.ts\(2,.*H2000/)]);
  expect(status).not.toBe(0);
});

it('a bundler takes a widget without React', async () => {
  write('main.js', [`import 'knlp-workbench/embed/wb-spearman';`]);
  const { output } = (await build({
    root: project,
    configFile: false,
    logLevel: 'error',
    build: { write: false, rollupOptions: { input: join(project, 'main.js') } },
  })) as { output: { type: string; code?: string }[] };
  const code = output.map((o) => o.code ?? '').join('');
  expect(code).toContain('wb-spearman');
  expect(code).not.toContain('react.dev/errors');
});

it('the package holds no source maps and no sources', () => {
  expect(paths.filter((p) => p.endsWith('.map') || p.startsWith('src/') || p.startsWith('tests/'))).toEqual([]);
  expect(paths).toEqual(expect.arrayContaining(['bin/wb', 'README.md', 'LICENSE', 'dist/site/embed.html']));
});
