import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The tests that start Chromium. */
const BROWSER = ['tests/app/{engine,menu,page,resume}.test.ts', 'tests/**/*page.test.ts'];

export default defineConfig({
  resolve: { alias: { '@shaders': at('./shaders'), '@': at('./src') } },
  test: {
    pool: 'forks',
    execArgv: ['--expose-gc'], // the memory test collects before it measures
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // How long a condition may take to come true is no property of the product: a page on a busy core takes more than the usual second.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['tests/**/*.test.ts'], exclude: BROWSER, maxWorkers: 2 },
      },
      // One at a time and last: a page that shares its cores with another test has long tasks that are not its own.
      {
        extends: true,
        test: { name: 'browser', include: BROWSER, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
