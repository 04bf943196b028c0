/**
 * Where Kconfig sources come from. The language never touches a file system: a host gives it a reader, which is a map in the
 * browser and in tests, and a folder in the terminal.
 */
import { compareText } from './text';

/** The sources of a tree; paths use `/` and are relative to the root of the tree (or absolute). */
export interface SourceReader {
  /** The text of a file, or null when there is none. */
  read(path: string): string | null;
  /** The paths that match a pattern (`*`, `?`, `[...]`), in any order; a plain path matches itself if it exists. */
  glob(pattern: string): readonly string[];
}

const GLOB_SPECIAL = /[*?[]/;

/** True when a path has to be matched rather than opened. */
export function isGlob(path: string): boolean {
  return GLOB_SPECIAL.test(path);
}

/** Resolves `.` and `..` textually. */
export function normalizePath(path: string): string {
  const absolute = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else if (part !== '..' || !absolute) out.push(part);
  }
  return (absolute ? '/' : '') + out.join('/');
}

/** The folder part of a path, without its trailing slash. */
export function dirName(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '';
  return slash === 0 ? '/' : path.slice(0, slash);
}

/** Joins a folder and a path; an absolute path stands alone. */
export function joinPath(folder: string, path: string): string {
  if (folder === '' || path.startsWith('/')) return path;
  return folder.endsWith('/') ? folder + path : `${folder}/${path}`;
}

/** One path segment of a pattern as a regular expression; a leading dot is only matched by a literal dot. */
export function globSegment(segment: string): RegExp {
  let out = segment.startsWith('.') ? '^' : '^(?!\\.)';
  for (let i = 0; i < segment.length; i++) {
    const char = segment[i];
    const close = char === '[' ? segment.indexOf(']', i + (segment[i + 1] === '!' ? 3 : 2)) : -1;
    if (char === '*') {
      while (segment[i + 1] === '*') i++;
      out += '[^/]*';
    } else if (char === '?') out += '[^/]';
    else if (close > 0) {
      const negated = segment[i + 1] === '!';
      const body = segment.slice(i + (negated ? 2 : 1), close);
      out += `[${negated ? '^' : ''}${classBody(body)}]`;
      i = close;
    } else out += char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  return new RegExp(`${out}$`, 's');
}

/** The inside of a character class: single characters and increasing ranges; a reversed range matches nothing. */
function classBody(body: string): string {
  const quote = (char: string): string => char.replace(/[\\^\]-]/g, '\\$&');
  let out = '';
  for (let i = 0; i < body.length; i++) {
    if (body[i + 1] === '-' && i + 2 < body.length) {
      if (body[i] <= body[i + 2]) out += `${quote(body[i])}-${quote(body[i + 2])}`;
      i += 2;
    } else out += quote(body[i]);
  }
  return out;
}

/** A reader over a map of texts, for the browser and for tests. */
export function memoryReader(files: Readonly<Record<string, string>> | ReadonlyMap<string, string>): SourceReader {
  const entries = files instanceof Map ? [...files.entries()] : Object.entries(files as Record<string, string>);
  const byPath = new Map(entries.map(([path, text]) => [normalizePath(path), text]));
  return {
    read: (path) => byPath.get(normalizePath(path)) ?? null,
    glob: (pattern) => {
      if (!isGlob(pattern)) return byPath.has(normalizePath(pattern)) ? [pattern] : [];
      const segments = normalizePath(pattern).split('/').map(globSegment);
      return [...byPath.keys()]
        .filter((path) => {
          const parts = path.split('/');
          return parts.length === segments.length && parts.every((part, i) => segments[i].test(part));
        })
        .sort(compareText);
    },
  };
}
