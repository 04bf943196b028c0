import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { docsPlugin } from './scripts/docs/plugin.ts';
import { offlinePlugin } from './scripts/offline/plugin.ts';
import { CSP } from './scripts/policy.mjs';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** For manifests; "unknown" outside a checkout. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: at('.'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

/** The policy in each built page: a static host may send no headers of its own. The development server needs inline scripts. */
const policy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: CSP }, injectTo: 'head-prepend' },
  ],
};

/** The site: static files under any base path. */
export default defineConfig({
  base: './',
  plugins: [react(), docsPlugin(at('.')), policy, offlinePlugin()],
  define: { __WB_COMMIT__: JSON.stringify(commit()) },
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
