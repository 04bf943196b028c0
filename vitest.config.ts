import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { '@shaders': at('./shaders'), '@': at('./src') } },
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    pool: 'forks',
    maxWorkers: 2,
    execArgv: ['--expose-gc'], // the memory test collects before it measures
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
