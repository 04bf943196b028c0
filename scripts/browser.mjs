// Finds a Chromium for the tests, or installs one: Debian's package where apt-get works, else Playwright's download.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export function findBrowser() {
  const found = CANDIDATES.find((path) => path && existsSync(path));
  if (found) return found;
  const own = chromium.executablePath();
  return existsSync(own) ? own : null;
}

const FLAGS = ['--enable-unsafe-webgpu', '--no-sandbox', '--disable-quic', '--disable-background-networking'];
const GPU = {
  software: [...FLAGS, '--use-webgpu-adapter=swiftshader'],
  hardware: FLAGS,
  none: FLAGS.filter((flag) => !flag.includes('webgpu')),
};

/**
 * A headless Chromium whose WebGPU is that of SwiftShader (`software`), of the machine (`hardware`) or missing (`none`).
 * @param {{ gpu?: keyof typeof GPU, headless?: boolean, args?: readonly string[] }} options
 */
export function launch({ gpu = 'software', headless = true, args = [] } = {}) {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no browser: run "make browser" or set CHROMIUM_PATH');
  return chromium.launch({ executablePath, headless, args: [...GPU[gpu], ...args] });
}

/** What the page's adapter calls itself. @param {import('playwright-core').Page} page */
export const adapterName = (page) =>
  page.evaluate(async () => {
    const found = await navigator.gpu?.requestAdapter();
    return found ? `${found.info.vendor} ${found.info.architecture} ${found.info.description}`.trim() : 'none';
  });

const run = (command, args) => spawnSync(command, args, { stdio: 'inherit' }).status === 0;

function install() {
  const root = process.getuid?.() === 0;
  if (existsSync('/usr/bin/apt-get') && root) {
    console.log('browser: installing the Debian package chromium');
    if (
      run('apt-get', ['update', '-qq']) &&
      run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
    )
      return;
  }
  console.log("browser: installing Playwright's Chromium");
  run('npx', ['playwright-core', 'install', 'chromium']);
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].split('/').pop())) {
  if (!findBrowser()) install();
  const browser = findBrowser();
  if (!browser) {
    console.error('browser: none found. Install Chromium (Debian: apt-get install chromium) or set CHROMIUM_PATH.');
    process.exit(1);
  }
  console.log(`browser: ${browser}`);
}
