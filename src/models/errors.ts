/** A configuration that cannot be built: says which setting, why, and what to change. */
export class ModelConfigError extends Error {
  override name = 'ModelConfigError';
}
