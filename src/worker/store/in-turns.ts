/** Directories read side by side: enough to hide the file system's latency, few enough to keep its queue short. */
const AT_ONCE = 32;

/** Results in the order of `items`; rejects with the first failure. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    out.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return out;
}
