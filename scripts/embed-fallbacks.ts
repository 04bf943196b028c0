/** Writes `fallback/<widget>.svg` and `<widget>.d.ts` beside the embedded widgets, made by the widgets themselves. */
import { createServer, type InlineConfig, type Plugin } from 'vite';

/** @param config what loads the sources as the site does, with React itself */
export function fallbackPlugin(config: InlineConfig): Plugin {
  return {
    name: 'wb-fallbacks',
    async generateBundle() {
      const server = await createServer({
        ...config,
        configFile: false,
        appType: 'custom',
        logLevel: 'error',
        server: { middlewareMode: true, ws: false, watch: null },
        optimizeDeps: { noDiscovery: true },
      });
      try {
        const { fallbacks } = await server.ssrLoadModule('/src/explainers/embed/fallback.tsx');
        const drawn = (await (fallbacks as () => Promise<unknown>)()) as Readonly<Record<string, string>>;
        const { typings } = await server.ssrLoadModule('/src/explainers/embed/typings.ts');
        const typed = (await (typings as () => Promise<unknown>)()) as Readonly<Record<string, string>>;
        for (const [fileName, source] of Object.entries(typed)) this.emitFile({ type: 'asset', fileName, source });
        for (const [name, source] of Object.entries(drawn)) {
          this.emitFile({ type: 'asset', fileName: `fallback/${name}`, source });
        }
      } finally {
        await server.close();
      }
    },
  };
}
