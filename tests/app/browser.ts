/** Chromium for page tests, and the built site under the Content-Security-Policy that it is to run under. */
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { launch } from '../../scripts/browser.mjs';
import { CSP } from '../../scripts/policy.mjs';
import { serve as listen } from '../../scripts/serve.mjs';

/** @param gpu without it pages find no WebGPU and prepare no kernels, for tests that need none */
export const launchBrowser = (gpu = true): Promise<Browser> => launch({ gpu: gpu ? 'software' : 'none' });

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a built folder, nothing outside it. `header`: with the policy, which then governs workers too. */
export async function serve(folder: string, { header = true } = {}): Promise<Site> {
  const server = await listen(folder, 0, { policy: header ? CSP : null });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
