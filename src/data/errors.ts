/** Data that cannot be trained on: what is wrong, and what to do. */
export class DataError extends Error {
  override name = 'DataError';
}
