/** `.config` text as values by symbol, without the prefix; strings without quotes and escapes, a bool that is off is "n". */
export function assignments(config: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of config.split('\n')) {
    const unset = /^# CONFIG_(\w+) is not set$/.exec(line);
    const set = /^CONFIG_(\w+)=(.*)$/.exec(line);
    if (unset) values.set(unset[1]!, 'n');
    else if (set) values.set(set[1]!, /^".*"$/.test(set[2]!) ? set[2]!.slice(1, -1).replace(/\\(.)/g, '$1') : set[2]!);
  }
  return values;
}
