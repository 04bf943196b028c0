// A static file server for the built site: node scripts/serve.mjs DIR [PORT]. Prints the URL once it listens.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { CSP } from './policy.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.map': 'application/json',
};

/**
 * Serves a folder and nothing outside it.
 * @param {string | null} policy the Content-Security-Policy header, which also governs workers; null: the page's own must do
 */
export function serve(directory, port, { policy = CSP } = {}) {
  const root = resolve(directory);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    let file = normalize(join(root, path));
    if (file !== root && file !== root + sep && !file.startsWith(root + sep))
      return response.writeHead(403).end('forbidden');
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    if (!existsSync(file)) return response.writeHead(404).end('not found');
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      ...(policy === null ? {} : { 'content-security-policy': policy }),
      'cache-control': 'no-cache',
    });
    createReadStream(file).pipe(response);
  });
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => done(server));
  });
}

if (process.argv[1]?.endsWith('serve.mjs')) {
  const [, , directory = 'dist/site', port = '4173'] = process.argv;
  if (!existsSync(directory)) {
    console.error(`serve: ${directory} does not exist: run "make build" first`);
    process.exit(1);
  }
  for (let at = Number(port); ; at++) {
    try {
      await serve(directory, at, { policy: `${CSP}; frame-ancestors 'self'` }); // a page's own policy cannot say this part
      console.log(
        `knlp workbench: http://localhost:${at}/   (start the default preset at once: http://localhost:${at}/?run=1)`,
      );
      break;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || at > Number(port) + 20) throw error;
    }
  }
}
