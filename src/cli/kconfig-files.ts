/** Kconfig sources from a folder, for the terminal. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { globSegment, isGlob } from '../kconfig';
import type { SourceReader } from '../kconfig';

/** The text of a file, or null when it is not a readable file. */
export function readText(path: string): string | null {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}

/**
 * A reader over folders: a relative path is looked for in each of them, and the first that has it answers. Trees name their
 * files relative to the folder of the top file, or (as the kernel does) relative to where the tool runs.
 */
export function fileReader(roots: readonly string[]): SourceReader {
  const places = (path: string): string[] => (isAbsolute(path) ? [path] : roots.map((root) => join(root, path)));
  return {
    read: (path) => {
      for (const place of places(path)) {
        const text = readText(place);
        if (text !== null) return text;
      }
      return null;
    },
    glob: (pattern) => {
      if (isAbsolute(pattern))
        return expand(
          '/',
          pattern.split('/').filter((part) => part !== ''),
          '/',
        );
      for (const root of roots) {
        const found = expand(root, pattern.split('/'), '');
        if (found.length > 0) return found;
      }
      return [];
    },
  };
}

/** Matches a pattern segment by segment; returns paths written as the pattern is. */
function expand(folder: string, segments: readonly string[], written: string): string[] {
  if (segments.length === 0) return [written];
  const [segment, ...rest] = segments;
  const join_ = (name: string): string =>
    written === '' || written.endsWith('/') ? written + name : `${written}/${name}`;
  if (!isGlob(segment)) {
    const next = join(folder, segment);
    return exists(next) ? expand(next, rest, join_(segment)) : [];
  }
  const pattern = globSegment(segment);
  return listFolder(folder)
    .filter((name) => pattern.test(name))
    .flatMap((name) => (exists(join(folder, name)) ? expand(join(folder, name), rest, join_(name)) : []));
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The folders in which a tree's files are looked for, and the name of its top file within the first. */
export function treeRoots(
  kconfig: string,
  srctree: string | undefined,
): { readonly roots: string[]; readonly file: string } {
  if (srctree !== undefined && srctree !== '') {
    const root = resolve(srctree);
    const inside = resolve(kconfig).startsWith(`${root}/`) ? resolve(kconfig).slice(root.length + 1) : kconfig;
    return { roots: [root], file: inside };
  }
  const top = resolve(kconfig);
  return { roots: [dirname(top), process.cwd()], file: top.slice(dirname(top).length).replace(/^\//, '') };
}
