/**
 * Builds an example of docs/embed with its generator and opens the result in Chromium, the widgets on another origin, under the
 * policy of docs/embed/README.md plus the hashes of the inline scripts that the generator writes.
 *
 *   node scripts/docs/generators.mjs mkdocs              with `mkdocs` on the path (Debian: apt-get install mkdocs)
 *   node scripts/docs/generators.mjs vitepress FOLDER    with `npm install vitepress` done in FOLDER
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findBrowser } from '../browser.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [generator, folder] = process.argv.slice(2);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.css': 'text/css', '.json': 'application/json' }; // prettier-ignore
const LAB = /https:\/\/lab\.example/g;

const fail = (message) => {
  console.error(`generators: ${message}`);
  process.exit(1);
};

/** Source of the example in a folder of its own, and the folder of the built pages. */
function buildPages() {
  if (generator !== 'mkdocs' && generator !== 'vitepress') fail('name the generator: mkdocs or vitepress');
  const source = resolve(folder ?? join(root, '.cache'), `example-${generator}`);
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  cpSync(join(root, 'docs/embed/examples', generator), source, { recursive: true });
  const run = (command, ...args) =>
    execFileSync(command, args, { cwd: source, stdio: ['ignore', 'ignore', 'inherit'] });
  switch (generator) {
    case 'mkdocs':
      run('mkdocs', 'build', '--quiet', '--strict', '--site-dir', 'site');
      return [join(source, 'site'), execFileSync('mkdocs', ['--version'], { encoding: 'utf8' }).trim()];
    case 'vitepress': {
      if (!folder) fail('give the folder where vitepress is installed');
      const home = join(resolve(folder), 'node_modules/vitepress');
      const { version, bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
      run(process.execPath, join(home, bin.vitepress), 'build');
      return [join(source, '.vitepress/dist'), `vitepress ${version}`];
    }
  }
}

function listen(files, headers) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    try {
      const content = files(file);
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain', ...headers(content) })
        .end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => done({ server, url: `http://127.0.0.1:${server.address().port}` })),
  );
}

if (!existsSync(join(root, 'dist/embed'))) fail('dist/embed is missing: run "make build" first');
const [pages, version] = buildPages();
const widgets = await listen((path) => readFileSync(join(root, 'dist', path)), () => ({ 'access-control-allow-origin': '*' })); // prettier-ignore

/** The README's policy for pages that embed, widened by what its section on generators allows them. */
function policyOf(html) {
  const readme = readFileSync(join(root, 'docs/embed/README.md'), 'utf8').replaceAll(/;\n +/g, '; ');
  const hashes = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)].map(
    ([, text]) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  const policy = /Content-Security-Policy: (.+)/
    .exec(readme)[1]
    .replaceAll(LAB, widgets.url)
    .replace('script-src', `script-src ${hashes.join(' ')}`)
    .replace('img-src', "img-src 'self' data:")
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");
  return `${policy}; font-src 'self'; connect-src 'self'`;
}
const textual = /\.(html|js|json)$/;
const host = await listen(
  (path) => {
    const file = join(pages, path);
    return textual.test(path) ? readFileSync(file, 'utf8').replaceAll(LAB, widgets.url) : readFileSync(file);
  },
  (content) => (/^\s*<!doctype/i.test(content) ? { 'content-security-policy': policyOf(String(content)) } : {}),
);

const browser = await chromium.launch({
  executablePath: findBrowser() ?? undefined,
  args: ['--no-sandbox', '--headless'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  const errors = [];
  page.on('pageerror', (e) => errors.push(e.message));
  page.on('console', (m) => m.type() === 'error' && errors.push(m.text()));
  await page.goto(`${host.url}/`);
  const element = page.locator(generator === 'mkdocs' ? 'wb-kv-quant' : 'wb-roofline');
  await element.locator('.plot svg').first().waitFor({ timeout: 15_000 });
  // A generator that takes the page over by script must leave the element as it is.
  await page.waitForTimeout(500);
  const shown = await element.locator('.plot svg[role=img]').count();
  const image = await element.locator('> img').isVisible();
  mkdirSync(join(root, 'screenshots/embed'), { recursive: true });
  await page.screenshot({ path: join(root, `screenshots/embed/${generator}.png`) });
  console.log(
    `${version}: ${shown} plots drawn from ${widgets.url} in a page of ${host.url}, fallback ${image ? 'shown' : 'hidden'}`,
  );
  for (const error of errors) console.log(`  page: ${error}`);
  if (shown === 0 || image) process.exitCode = 1;
} finally {
  await browser.close();
  host.server.close();
  widgets.server.close();
}
