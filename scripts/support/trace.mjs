// Sums Chromium trace events: time of each task without that of the tasks inside it.

/**
 * @param {{ ph: string, pid: number, tid: number, ts: number, dur?: number, name: string, args?: { name?: string } }[]} events
 * @param {number} frames
 * @returns {Record<string, Record<string, number>>} thread -> task -> ms a frame, the largest twelve of each
 */
export function selfTimes(events, frames) {
  const names = new Map();
  const threads = new Map();
  for (const event of events) {
    const key = `${event.pid}/${event.tid}`;
    if (event.ph === 'M' && event.name === 'thread_name') names.set(key, event.args?.name ?? '');
    if (event.ph !== 'X' || event.dur === undefined) continue;
    if (!threads.has(key)) threads.set(key, []);
    threads.get(key).push(event);
  }
  const found = {};
  for (const [key, tasks] of threads) {
    const times = Object.entries(selfTimesOf(tasks))
      .map(([name, us]) => [name, Number((us / 1000 / frames).toFixed(3))])
      .filter(([, ms]) => ms >= 0.05)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 12);
    if (times.length > 0) found[`${names.get(key) ?? ''} ${key}`.trim()] = Object.fromEntries(times);
  }
  return found;
}

/** Microseconds by task name on one thread; the tasks nest. */
function selfTimesOf(tasks) {
  const sums = {};
  const open = [];
  for (const task of tasks.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    while (open.length > 0 && open.at(-1).ts + open.at(-1).dur <= task.ts) open.pop();
    sums[task.name] = (sums[task.name] ?? 0) + task.dur;
    const outer = open.at(-1);
    if (outer) sums[outer.name] -= task.dur;
    open.push(task);
  }
  return sums;
}
