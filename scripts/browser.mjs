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
