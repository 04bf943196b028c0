import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The benchmark page, built like the site so that every engine runs from a bundle. */
export default defineConfig({
  root: at('.'),
  base: './',
  resolve: { alias: { '@shaders': at('../shaders'), '@': at('../src') } },
  worker: { format: 'es' },
  build: { outDir: at('../dist/bench'), emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 5000 },
});
