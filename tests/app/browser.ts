/** Chromium for page tests, and a static server that sends the Content-Security-Policy the site is to run under. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { CSP } from '../../vite.config';

const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--headless',
];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.map': 'application/json',
};

/** @param gpu without it pages find no WebGPU and prepare no kernels, for tests that need none */
export function launchBrowser(gpu = true): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`no Chromium at ${executablePath}: install the chromium package or set CHROMIUM_PATH`);
  }
  return chromium.launch({ executablePath, args: gpu ? FLAGS : FLAGS.filter((f) => !f.includes('webgpu')) });
}

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a built folder, nothing outside it. `header`: with the policy, which then governs workers too. */
export async function serve(folder: string, { header = true } = {}): Promise<Site> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    readFile(file).then(
      (content) => {
        const type = TYPES[extname(file)] ?? 'application/octet-stream';
        const policy = header ? { 'content-security-policy': CSP } : {};
        response.writeHead(200, { 'content-type': type, ...policy }).end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
