import type { Browser, Page } from 'playwright-core';
export function findBrowser(): string | null;
export function launch(options?: {
  readonly gpu?: 'software' | 'hardware' | 'none';
  readonly headless?: boolean;
  readonly args?: readonly string[];
}): Promise<Browser>;
export function adapterName(page: Page): Promise<string>;
