/** Written at build time by scripts/docs/plugin.ts from docs/. */
declare module 'virtual:docs' {
  export interface DocumentHeading {
    readonly depth: number;
    readonly id: string;
    readonly text: string;
  }
  export interface DocumentPage {
    readonly html: string;
    readonly headings: readonly DocumentHeading[];
    readonly widgets: readonly string[];
  }
  export const documents: readonly {
    readonly slug: string;
    readonly title: string;
    readonly load: () => Promise<DocumentPage>;
  }[];
}

/** Written at build time by scripts/docs/plugin.ts: the text that the search reads. */
declare module 'virtual:docs-search' {
  import type { DocumentText } from '@/app/docs/search';
  const documents: readonly DocumentText[];
  export default documents;
}
