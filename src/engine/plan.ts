/** What the executor replays: buffers, regions and fixed lists of dispatches. Pure data; `wb check` prints it without a GPU. */
import type { Judged, KernelFamily, KernelProgram } from './kernel';
import type { BufferName, Region } from './storage';

/** A dispatch and how it was made, so that autotune can build its other variants. */
export interface Dispatch {
  readonly program: KernelProgram;
  /** Where in the model it belongs ("h.0.attn"). */
  readonly scope: string;
  readonly tune: Tunable | null;
}

/** Rebuilds a dispatch with another variant; the arguments are closed over. */
export interface Tunable {
  readonly family: string;
  /** Shape class: equal keys have equal best variants. */
  readonly key: string;
  readonly variants: readonly string[];
  build(variant: string): KernelProgram;
  /** null: bit for bit. */
  readonly judged: Judged | null;
}

export interface ExecutionPlan {
  readonly buffers: readonly { readonly name: BufferName; readonly bytes: number }[];
  readonly regions: readonly Region[];
  /** Regions that hold f32 values, for the search for the first non-finite one. */
  readonly floatRegions: ReadonlySet<number>;
  readonly sequences: Readonly<Record<string, readonly Dispatch[]>>;
  /** 256-byte slots of the step uniform. */
  readonly scalarSlots: number;
  readonly stagingBytes: number;
  readonly ringDepth: number;
}

export interface MemorySummary {
  readonly categories: readonly { readonly name: string; readonly bytes: number }[];
  readonly totalBytes: number;
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
}

/** Makes a dispatch of a family with its first (best guess) variant. */
export function dispatchOf<Args extends { readonly label: string }>(
  family: KernelFamily<Args>,
  args: Args,
  traits: Parameters<KernelFamily<Args>['variants']>[1],
  scope: string,
  key: string,
  choice?: (tunableKey: string) => string | undefined,
): Dispatch {
  const variants = family.variants(args, traits);
  const byName = (name: string | undefined) => variants.find((v) => v.name === name);
  const fullKey = `${family.name}/${key}`;
  const variant = byName(choice?.(fullKey)) ?? variants[0];
  if (!variant) throw new Error(`kernel family ${family.name} has no variant for ${args.label}`);
  const tune: Tunable | null =
    variants.length < 2
      ? null
      : {
          family: family.name,
          key: fullKey,
          variants: variants.map((v) => v.name),
          build: (name) => family.build(args, byName(name) ?? variant),
          judged: family.judged?.(args) ?? null,
        };
  return { program: family.build(args, variant), scope, tune };
}
