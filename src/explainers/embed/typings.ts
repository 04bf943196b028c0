/** Type declarations of the embedded modules, from the widgets' own attributes. Build time only. */
import { WIDGETS } from '../registry';
import type { Attribute } from '../widget/attributes';
import { OWN_ATTRIBUTES } from '../own/source';

const typeOf = (a: Attribute): string =>
  a.type === 'number' ? `\`\${number}\`` : a.values.map((v) => `'${v}'`).join(' | ');
const meaning = (a: Attribute): string =>
  a.type === 'number' ? `${a.min} to ${a.max}; ${a.default} when absent` : `'${a.default}' when absent`;

const common: Readonly<Record<string, string>> = {
  theme: "'light' | 'dark'",
  ...Object.fromEntries(OWN_ATTRIBUTES.map((name) => [name, 'string'])),
};

/** @returns file name to declarations, one for each widget */
export async function typings(): Promise<Readonly<Record<string, string>>> {
  const files = await Promise.all(
    WIDGETS.map(async (entry) => {
      const { tag, attributes } = await entry.load();
      const fields = Object.entries(attributes).map(
        ([name, a]) => `  /** ${meaning(a)} */\n  readonly ${name}?: ${typeOf(a)};`,
      );
      const shared = Object.entries(common).map(([name, type]) => `  readonly '${name}'?: ${type};`);
      return [
        `${tag}.d.ts`,
        `/** ${entry.title}: importing this module defines <${tag}>. */
export interface Attributes {
${[...fields, ...shared].join('\n')}
}
export declare const widget: { readonly tag: '${tag}'; readonly title: string; readonly summary: string };
declare global {
  interface HTMLElementTagNameMap {
    '${tag}': HTMLElement;
  }
}
`,
      ] as const;
    }),
  );
  return Object.fromEntries(files);
}
