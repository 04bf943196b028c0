/** What `wb-manifest/1` calls things; apart from the schema, so that who only writes manifests loads no validator. */
export const SCHEMA_ID = 'wb-manifest/1';

export const STATUSES = ['pending', 'running', 'ok', 'failed', 'invalid', 'skipped', 'stopped'] as const;
export type Status = (typeof STATUSES)[number];
