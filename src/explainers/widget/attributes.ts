/** Attributes set a widget's initial state; a bad one is answered by a message in its place. */

export type Attribute =
  | { readonly type: 'number'; readonly min: number; readonly max: number; readonly default: number }
  | { readonly type: 'choice'; readonly values: readonly string[]; readonly default: string };

export type Attributes = Readonly<Record<string, Attribute>>;
export type Values<A extends Attributes> = {
  readonly [K in keyof A]: A[K] extends { type: 'number' } ? number : string;
};

export const number = (min: number, max: number, initial: number) =>
  ({ type: 'number', min, max, default: initial }) as const;
export const choice = (values: readonly string[], initial: string) =>
  ({ type: 'choice', values, default: initial }) as const;

export type Parsed<A extends Attributes> =
  { readonly ok: true; readonly values: Values<A> } | { readonly ok: false; readonly message: string };

/** Reads each attribute through `get` (null: absent, the default counts). The first bad one is named with what it may be. */
export function parseAttributes<A extends Attributes>(
  tag: string,
  spec: A,
  get: (name: string) => string | null,
): Parsed<A> {
  const values: Record<string, number | string> = {};
  for (const [name, attribute] of Object.entries(spec)) {
    const text = get(name);
    if (text === null) {
      values[name] = attribute.default;
      continue;
    }
    const problem = attribute.type === 'number' ? badNumber(attribute, text) : badChoice(attribute, text);
    if (problem !== null) return { ok: false, message: `<${tag}> ${name}="${text}": ${problem}` };
    values[name] = attribute.type === 'number' ? Number(text) : text;
  }
  return { ok: true, values: values as Values<A> };
}

function badNumber({ min, max }: { readonly min: number; readonly max: number }, text: string): string | null {
  const v = text.trim() === '' ? Number.NaN : Number(text);
  return v >= min && v <= max ? null : `give a number from ${min} to ${max}.`;
}

const badChoice = ({ values }: { readonly values: readonly string[] }, text: string): string | null =>
  values.includes(text) ? null : `choose one of ${values.join(', ')}.`;
