/** What a manifest says about this page and platform: versions, no names (workflow-and-explainers 3.4). */
import { sha256Text } from '@/data/hash';
import type { Host } from '@/experiment/manifest/build';
import { VERSION } from '@/experiment/version';

/** Git commit, set by the site's build. */
declare const __WB_COMMIT__: string | undefined;

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\/([\d.]+)/, 'Edge'],
  [/Firefox\/([\d.]+)/, 'Firefox'],
  [/Chrome\/([\d.]+)/, 'Chromium'],
  [/Version\/([\d.]+).*Safari/, 'Safari'],
];

export function browserName(userAgent: string): string {
  for (const [pattern, name] of BROWSERS) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return 'browser';
}

export function browserHost(): Host {
  const { platform } = navigator as { readonly platform?: string };
  return {
    version: VERSION,
    commit: typeof __WB_COMMIT__ === 'string' ? __WB_COMMIT__ : 'unknown',
    os: platform ?? 'unknown',
    browser: browserName(navigator.userAgent),
  };
}

/** `gpt2-<5 hex>` of the page's origin and a number drawn once in this browser. */
export const browserProject = (model: string, install: string): string =>
  `${model}-${sha256Text(`${self.location.origin} ${install}`).slice(0, 5)}`;
