/** Looks into the run directories of a page, from the test. */
import type { Page } from 'playwright-core';

/** Ids of the runs that the page's browser keeps. */
export const storedRuns = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs', { create: true });
    const names: string[] = [];
    for await (const name of (root as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
    return names.sort();
  });

/** Text of a file; null when it is not there. */
export const storedText = (page: Page, id: string, path: string): Promise<string | null> =>
  page.evaluate(
    async ([run, file]) => {
      try {
        let folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
        for (const part of [run, ...file.split('/').slice(0, -1)]) folder = await folder.getDirectoryHandle(part);
        return await (await (await folder.getFileHandle(file.split('/').at(-1)!)).getFile()).text();
      } catch {
        return null;
      }
    },
    [id, path] as const,
  );

/** Lines of metrics.jsonl without what a clock measured. */
export const timelessMetrics = async (page: Page, id: string): Promise<string[]> =>
  ((await storedText(page, id, 'metrics.jsonl')) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.stringify({ ...(JSON.parse(line) as object), time: undefined }));
