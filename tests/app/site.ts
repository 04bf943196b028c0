/** Builds the recorded page (`lab.html`) the way the site is built. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** @param name a folder of its own for each test file: they run side by side */
export async function buildLab(name = 'app-test'): Promise<string> {
  const outDir = at(`../../.cache/${name}`);
  process.env.NODE_ENV = 'production'; // React's development build otherwise
  await build({
    configFile: at('../../vite.config.ts'),
    root: at('.'),
    logLevel: 'error',
    mode: 'production',
    publicDir: false,
    build: { outDir, emptyOutDir: true, minify: false, rollupOptions: { input: at('./lab.html') } },
  });
  return outDir;
}
