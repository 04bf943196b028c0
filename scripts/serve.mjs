// A static file server for the built site: node scripts/serve.mjs DIR [PORT]. Prints the URL once it listens.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve } from 'node:path';

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

/** The policy that the docs recommend: no inline script, no eval, nothing from elsewhere. */
export const CSP =
  "default-src 'self'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

export function serve(directory, port) {
  const root = resolve(directory);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    let file = normalize(join(root, path));
    if (!file.startsWith(root)) return response.writeHead(403).end('forbidden');
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    if (!existsSync(file)) return response.writeHead(404).end('not found');
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
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
      await serve(directory, at);
      console.log(
        `knlp workbench: http://localhost:${at}/   (start the default preset at once: http://localhost:${at}/?run=1)`,
      );
      break;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || at > Number(port) + 20) throw error;
    }
  }
}
