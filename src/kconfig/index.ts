/**
 * The Kconfig language: sources in, a tree out; a configuration over the tree; readers, writers and tools.
 *
 *     const tree = loadTree({ reader: memoryReader({ Kconfig: text }) });
 *     const config = new Config(tree);
 *     const report = loadConfig(config, dotConfig);
 *     edit(config, config.find('BATCH_SIZE')!, '64');
 *     writeMinConfig(config);
 *
 * Nothing here touches a file system, a DOM or a process.
 */
export { typeProblem } from './assignable';
export type { ActiveRange, SetResult } from './assignable';
export { Config } from './config';
export { assign, diffConfigs, diffTexts, whatIf } from './diff';
export type { DiffEntry, DiffSide, TextDiff, WhatIf } from './diff';
export { KconfigError, locationText, warningText } from './errors';
export type { IncludeFrame, KconfigWarning, Location, WarningCode } from './errors';
export { blockerText, explain, hiddenText, operandsOf } from './explain';
export type { Blocker, Explanation, Obstacle, Operand } from './explain';
export { exprText, itemText, splitExpr, visitItems } from './expr';
export { conditionInfo, symbolInfo } from './info';
export type { ConditionInfo, DefaultInfo, PlaceInfo, SourceInfo, SymbolInfo } from './info';
export { lintPreset, lintTree, presetHeader } from './lint';
export type { LintFinding, LintRule, PresetHeader } from './lint';
export { loadConfig, overrideReason } from './load';
export type { LineNote, LoadOptions, LoadReport, NoteKind } from './load';
export {
  edit,
  isChangeable,
  isEnterable,
  isNew,
  isVisible,
  menuPath,
  menuRows,
  nodeOf,
  rowText,
  selectedPrompt,
  setTri,
  toggle,
  validate,
  valueText,
} from './menu';
export type { MenuRow } from './menu';
export { isLogical, TRI_TEXT, triOf } from './model';
export type {
  Choice,
  ChoiceNode,
  CommentNode,
  DefaultProp,
  Expr,
  Item,
  MacroInfo,
  MenuBlock,
  MenuNode,
  Prompt,
  RangeProp,
  SelectProp,
  Sym,
  SymbolNode,
  SymbolType,
  Tree,
  Tri,
} from './model';
export { originOf, originText, rangeText } from './origin';
export type { Origin } from './origin';
export { shellTable } from './preprocess';
export type { HostFunction } from './preprocess';
export { parseReal, plainHelp, realProblem, realRangeText, unitOf } from './real';
export type { RealSpec } from './real';
export { SearchIndex } from './search';
export type { SearchHit, SearchResult } from './search';
export type { Snapshot } from './snapshot';
export { dirName, globSegment, isGlob, joinPath, memoryReader, normalizePath } from './source';
export type { SourceReader } from './source';
export {
  allDefConfig,
  allModConfig,
  allNoConfig,
  allYesConfig,
  dumpConfig,
  listNewConfig,
  mergeConfigs,
  newSymbols,
  oldDefConfig,
} from './tools';
export type { DumpRow } from './tools';
export { loadTree } from './tree';
export type { TreeOptions } from './tree';
export { configLine, inMinimalConfig, writeConfig, writeMinConfig } from './write';
