/** Positions, the one error class, and the warnings that a tree collects while it is read. */

/** The `source` statement through which a file was reached. */
export interface IncludeFrame {
  readonly file: string;
  readonly line: number;
}

/** A place in the sources, with the chain of `source` statements that led to the file, outermost first. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly includes: readonly IncludeFrame[];
}

/** `file:line`, as in every message. */
export function locationText(location: { readonly file: string; readonly line: number }): string {
  return `${location.file}:${location.line}`;
}

/** The only error that reading a tree or a `.config` throws. It always has a position. */
export class KconfigError extends Error {
  override readonly name = 'KconfigError';

  /**
   * @param reason what is wrong, without the position
   * @param location where
   */
  constructor(
    readonly reason: string,
    readonly location: Location,
  ) {
    const via = [...location.includes].reverse().map((frame) => `\n  included from ${locationText(frame)}`);
    super(`${locationText(location)}: ${reason}${via.join('')}`);
  }
}

/** What a message of the tree is about; `info` comes from `$(info,...)`. */
export type WarningCode =
  | 'info'
  | 'user'
  | 'style'
  | 'type'
  | 'prompt'
  | 'help'
  | 'option'
  | 'choice'
  | 'select'
  | 'default'
  | 'range'
  | 'shell'
  | 'real';

/** Something odd but survivable in the sources. */
export interface KconfigWarning {
  readonly code: WarningCode;
  readonly message: string;
  readonly location: Location;
}

/** `file:line: warning: message`. */
export function warningText(warning: KconfigWarning): string {
  const kind = warning.code === 'info' ? 'info' : 'warning';
  return `${locationText(warning.location)}: ${kind}: ${warning.message}`;
}
