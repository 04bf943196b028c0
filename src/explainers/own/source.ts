/** Where a widget finds the reader's measurements: its `measurements` attribute, the file of `data-src`, else the browser's storage. */
import { useEffect, useState } from 'react';
import { readRecords, type OwnKind, type OwnRecord } from './record';
import { onStored, readStored } from './storage';

type Get = (name: string) => string | null;

/** Attributes of every widget that shows own measurements. */
export const OWN_ATTRIBUTES = ['measurements', 'data-src', 'lab'] as const;

export interface OwnSource {
  /** Of one kind, newest first; a problem is worded for the reader. */
  readonly of: (kind: OwnKind) => Answer;
  /** The workbench's address, to link to its pages; null when unknown. */
  readonly lab: string | null;
}
export type Answer =
  | { readonly status: 'ready'; readonly records: readonly OwnRecord[] }
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly message: string };

type Given = Answer | null;

/** Follows the storage, so that what was just measured in another tab stands here. */
export function useOwn(tag: string, get: Get): OwnSource {
  const inline = get('measurements');
  const src = get('data-src');
  const [fetched, setFetched] = useState<Answer>({ status: 'loading' });
  const [, setRevision] = useState(0);
  useEffect(() => {
    if (src === null) return;
    let live = true;
    void load(tag, src).then((answer) => live && setFetched(answer));
    return () => void (live = false);
  }, [tag, src]);
  useEffect(() => onStored(() => setRevision((n) => n + 1)), []);
  const given: Given = inline !== null ? parse(tag, 'measurements', inline) : src !== null ? fetched : null;
  return { of: (kind) => answerOf(given, kind), lab: get('lab') ?? siteOf() };
}

function answerOf(given: Given, kind: OwnKind): Answer {
  if (given === null) {
    const stored = readStored(kind);
    return stored.ok ? { status: 'ready', records: stored.records } : { status: 'failed', message: stored.message };
  }
  return given.status === 'ready' ? { ...given, records: given.records.filter((r) => r.kind === kind) } : given;
}

function parse(tag: string, attribute: string, json: string): Answer {
  try {
    return { status: 'ready', records: readRecords(json) };
  } catch (error) {
    return { status: 'failed', message: `<${tag}> ${attribute}: ${(error as Error).message}` };
  }
}

async function load(tag: string, src: string): Promise<Answer> {
  const where = `data-src="${src}"`;
  try {
    const response = await fetch(src);
    if (!response.ok) return { status: 'failed', message: `<${tag}> ${where}: the server answered ${response.status}` };
    return parse(tag, where, await response.text());
  } catch (error) {
    const why = (error as Error).message;
    return { status: 'failed', message: `<${tag}> ${where}: ${why}. Does the policy allow it (connect-src, CORS)?` };
  }
}

/** Pages of the workbench say where it is. */
const siteOf = (): string | null =>
  globalThis.document?.querySelector<HTMLMetaElement>('meta[name="knlp-workbench"]')?.content ?? null;
