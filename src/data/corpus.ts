/** What the engine is handed: token streams on both sides of the split. */
export const IGNORE_BIT = 0x80000000;

export interface Corpus {
  readonly name: string;
  readonly train: Uint32Array;
  readonly val: Uint32Array;
  readonly sampling: 'window' | 'rows';
  readonly vocabSize: number;
}
