/**
 * Which tokens of a corpus count. A corpus token is an id with a flag: bit 31 set means that the token is read as an input
 * but not counted as a target (a question, padding, anything that cannot be predicted). Running text has no flags.
 */
export const IGNORE_BIT = 0x80000000;

/** Clears the flag: `token & TOKEN_MASK` is the id. */
export const TOKEN_MASK = 0x7fffffff;

/** True when the token counts as a target. */
export const isTarget = (token: number): boolean => token >>> 31 === 0;
