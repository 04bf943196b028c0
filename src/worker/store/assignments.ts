/** `.config` text as values by symbol, without the prefix and without quotes; a bool that is off is "n". */
export function assignments(config: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of config.split('\n')) {
    const set = /^CONFIG_(\w+)=(.*)$/.exec(line);
    const unset = /^# CONFIG_(\w+) is not set$/.exec(line);
    if (set) values.set(set[1]!, set[2]!.replace(/^"(.*)"$/, '$1'));
    else if (unset) values.set(unset[1]!, 'n');
  }
  return values;
}
