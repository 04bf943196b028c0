import type { KernelFamily, KernelProgram } from '../kernel';
import { type TemplateEnv, expandTemplate } from '../wgsl';
import type { Accessors } from './access';

export interface Assembly {
  readonly label: string;
  readonly family: string;
  readonly variant?: string;
  readonly accessors: Accessors;
  readonly source: string;
  readonly library?: string;
  readonly env: TemplateEnv;
  readonly usesScalars?: boolean;
  readonly workgroups: readonly [number, number, number];
  readonly flops: number;
  readonly bytes: number;
}

/** Expands a template behind its accessors. */
export function assemble(a: Assembly): KernelProgram {
  const { bindings } = a.accessors;
  return {
    label: a.label,
    family: a.family,
    variant: a.variant ?? 'rows',
    code: `${a.accessors.code()}${a.library ?? ''}\n${expandTemplate(a.source, a.env)}`,
    regions: bindings.regions,
    access: bindings.access,
    usesScalars: a.usesScalars ?? false,
    workgroups: a.workgroups,
    flops: a.flops,
    bytes: a.bytes,
  };
}

/** A family with one variant. */
export const single = <Args>(name: string, build: (args: Args) => KernelProgram): KernelFamily<Args> => ({
  name,
  variants: () => [{ name: 'rows', params: {} }],
  build: (args) => build(args),
});
