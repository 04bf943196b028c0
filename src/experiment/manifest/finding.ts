/** What a check of a manifest has to say. */
export interface Finding {
  /** V1 to V15 of workflow-and-explainers 4.3. */
  readonly check: string;
  /** Where: "points[3].meanMs". */
  readonly path: string;
  readonly message: string;
  /** A warning leaves the manifest valid: something could not be checked here. */
  readonly severity: 'error' | 'warning';
}

export const finding = (
  check: string,
  path: string,
  message: string,
  severity: Finding['severity'] = 'error',
): Finding => ({ check, path, message, severity });
