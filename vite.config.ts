import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { docsPlugin } from './scripts/docs/plugin.ts';
import { offlinePlugin } from './scripts/offline/plugin.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The site: static files under any base path. */
export default defineConfig({
  base: './',
  plugins: [react(), docsPlugin(at('.')), offlinePlugin()],
  resolve: { alias: { '@shaders': at('./shaders'), '@': at('./src') } },
  worker: { format: 'es' },
  build: {
    outDir: 'dist/site',
    target: 'es2023',
    sourcemap: true,
    chunkSizeWarningLimit: 2000,
    rollupOptions: { input: [at('./index.html'), at('./embed.html')] },
  },
});
