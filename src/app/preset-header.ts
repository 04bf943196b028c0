/** What a matrix preset's header declares, as far as the page shows it; the worker expands it (src/experiment/matrix/axes.ts). */

export interface HeaderArm {
  readonly label: string;
  /** Symbols that the arm sets. */
  readonly set: Readonly<Record<string, string>>;
}

/** `# Cells: 12`; a preset without it is one run. */
export const headerCells = (text: string): number => Number(/^#\s*Cells:\s*(\d+)/m.exec(text)?.[1] ?? 1);

/** `# Seeds: 3`; one without. */
export const headerSeeds = (text: string): number => Number(/^#\s*Seeds:\s*(\d+)/m.exec(text)?.[1] ?? 1);

/** `# Arm: name X=1 Y=n`, in order. */
export const headerArms = (text: string): HeaderArm[] =>
  [...text.matchAll(/^#[ \t]*Arm:[ \t]*(\S+)[ \t]*(.*)$/gm)].map(([, label, settings]) => {
    const set = settings.split(/\s+/).filter((word) => word.includes('='));
    return { label, set: Object.fromEntries(set.map((word) => word.split('=', 2) as [string, string])) };
  });
