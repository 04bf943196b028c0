/** A file of ranges, as the source project's sweeps take it: CONFIG_NAME=start:step:end or a|b|c; other lines are settings. */
import { UsageError } from './options';

/** The file's lines as items of a `wb matrix` command line. Throws UsageError by line. */
export function sweepItems(text: string, file: string): string[] {
  const items: string[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^(?:CONFIG_)?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (!match) throw new UsageError(`${file}:${i + 1}: "${line}" is not CONFIG_NAME=value`);
    const value = /^".*"$/.test(match[2]!) ? match[2]!.slice(1, -1) : match[2]!;
    if (value === '') throw new UsageError(`${file}:${i + 1}: ${match[1]!} has no value`);
    items.push(`${match[1]!}=${value.split('|').map((part) => part.trim()).join(',')}`); // prettier-ignore
  }
  if (!items.some((item) => /[,:]/.test(item.slice(item.indexOf('=')))))
    throw new UsageError(`${file}: no line has a range: CONFIG_NAME=start:step:end or CONFIG_NAME=a|b|c`);
  return items;
}
