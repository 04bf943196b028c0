import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { fallbackPlugin } from './scripts/embed-fallbacks.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const names = [
  'spearman',
  'kv-calculator',
  'roofline',
  'kv-bandwidth',
  'decode-bottleneck',
  'kv-quant',
  'fisher-adam',
  'pruning',
  'reciprocal-attention',
  'kvsplice',
  'tiering',
];

/** Takes the place of React in embedded widgets, where React DOM alone would be more than the budget of 60 kB. */
const runtime = at('./src/explainers/embed/runtime/react.ts');

/** One ES module a widget, `dist/embed/wb-<name>.js`; the runtime and the frame are shared chunks beside them. */
export default defineConfig({
  plugins: [react(), fallbackPlugin({ root: at('.'), plugins: [react()], resolve: { alias: { '@': at('./src') } } })],
  publicDir: false,
  resolve: {
    alias: [
      { find: /^react(\/jsx-runtime|-dom\/client)?$/, replacement: runtime },
      { find: '@', replacement: at('./src') },
    ],
  },
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: 'dist/embed',
    target: 'es2023',
    modulePreload: false,
    rollupOptions: {
      input: Object.fromEntries(names.map((n) => [`wb-${n}`, at(`./src/explainers/${n}/index.tsx`)])),
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: '[name].js', chunkFileNames: 'shared/[name]-[hash].js' },
    },
  },
});
