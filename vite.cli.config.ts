import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The terminal program: one ES module for Node, with everything but `webgpu` (a native addon) bundled. */
export default defineConfig({
  resolve: { alias: { '@shaders': at('./shaders'), '@': at('./src') } },
  ssr: { noExternal: true, external: ['webgpu'] },
  build: {
    ssr: 'src/cli/main.ts',
    outDir: 'dist/cli',
    target: 'node20',
    sourcemap: true,
    rollupOptions: { output: { entryFileNames: 'wb.js' } },
  },
});
