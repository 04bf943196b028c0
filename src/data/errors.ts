/** What can be wrong with data, for callers that react to one case and not to another. */
export type DataErrorCode =
  | 'empty-text'
  | 'one-character'
  | 'too-short'
  | 'not-text'
  | 'unknown-character'
  | 'unknown-token'
  | 'missing-dataset'
  | 'bad-tokenizer'
  | 'bad-task';

/** Data that cannot be trained on. The message is one line: what is wrong, where, and after the last semicolon what to do. */
export class DataError extends Error {
  override name = 'DataError';

  constructor(
    readonly code: DataErrorCode,
    /** What is wrong, with the name of the text and the numbers involved. */
    readonly problem: string,
    /** What the user can do about it. */
    readonly remedy: string,
  ) {
    super(`${problem}; ${remedy}`);
  }
}
