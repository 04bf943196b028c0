/** Of this program, for manifests. */
export const VERSION = '0.1.0';
