/** Builds the recorded page (`lab.html`) the way the site is built. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import config from '../../vite.config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** @param name a folder of its own for each test file: they run side by side */
export async function buildLab(name = 'app-test'): Promise<string> {
  const outDir = at(`../../.cache/${name}`);
  process.env.NODE_ENV = 'production'; // React's development build otherwise
  // Not through `configFile`: merging would add this page to the site's own inputs instead of replacing them.
  await build({
    ...config,
    configFile: false,
    root: at('.'),
    logLevel: 'error',
    mode: 'production',
    publicDir: false,
    build: { ...config.build, outDir, emptyOutDir: true, minify: false, rollupOptions: { input: at('./lab.html') } },
  });
  return outDir;
}
