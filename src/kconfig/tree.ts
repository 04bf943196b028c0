/** The door to the language: sources in, a finished tree out. */
import { Builder } from './builder';
import { KconfigError } from './errors';
import { finalize } from './finalize';
import { buildGraph } from './graph';
import { LineReader } from './lines';
import type { Tree } from './model';
import { Parser } from './parser';
import { Preprocessor } from './preprocess';
import type { HostFunction } from './preprocess';
import { checkSanity } from './sanity';
import type { SourceReader } from './source';

/** What a tree is built from. */
export interface TreeOptions {
  readonly reader: SourceReader;
  /** The top file; `Kconfig` if absent. */
  readonly file?: string;
  /** The environment of macros and of `option env=`. Also `CONFIG_` (prefix) and `KCONFIG_CONFIG_HEADER`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Functions for `$(name,...)`. */
  readonly functions?: Readonly<Record<string, HostFunction>>;
  /** The answer to `$(shell,command)`; unknown commands give undefined. See `shellTable`. */
  readonly shell?: (command: string) => string | undefined;
}

/**
 * Reads and finalises a tree.
 * @throws KconfigError with file and line for anything that cannot be read, and for dependency loops
 */
export function loadTree(options: TreeOptions): Tree {
  const { reader, file = 'Kconfig', env = {}, functions = {}, shell = () => undefined } = options;
  const top = { file, line: 1, includes: [] };
  const text = reader.read(file);
  if (text === null) throw new KconfigError(`could not read '${file}'`, top);
  const builder = new Builder(top);
  const lines = new LineReader(file, text);
  const macros = new Preprocessor(
    { env, functions, shell },
    () => lines.here(),
    (warning) => builder.warnings.push(warning),
  );
  new Parser(builder, lines, macros, reader).parse();
  finalize(builder);
  checkSanity(builder);
  const { dependents, rank } = buildGraph(builder);
  return {
    root: builder.root,
    symbols: builder.symbols,
    defined: [...builder.defined],
    choices: [...builder.choices],
    namedChoices: builder.namedChoices,
    menus: builder.menus,
    comments: builder.comments,
    items: builder.items,
    dependents,
    rank,
    no: builder.no,
    mod: builder.mod,
    yes: builder.yes,
    modules: builder.modules,
    defconfigList: builder.defconfigList,
    prefix: macros.env('CONFIG_') ?? 'CONFIG_',
    header: macros.env('KCONFIG_CONFIG_HEADER') ?? '',
    files: lines.files,
    macros: macros.macros(),
    envUsed: macros.envUsed,
    macroUses: macros.uses,
    warnings: builder.warnings,
  };
}
