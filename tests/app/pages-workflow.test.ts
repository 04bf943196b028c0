/** The workflow that publishes the site, read as YAML: what starts it, what it may do, that its commands and folders exist. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parsers } from 'prettier/plugins/yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import embed from '../../vite.embed.config';
import site from '../../vite.config';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly children?: readonly (Node | null)[];
}
type Value = string | null | readonly Value[] | { readonly [key: string]: Value };

/** Scalars stay the text that stands in the file. */
function valueOf(node: Node | null | undefined): Value {
  if (!node) return null;
  const children = node.children ?? [];
  switch (node.type) {
    case 'root':
    case 'document':
    case 'documentBody':
    case 'flowSequenceItem':
    case 'sequenceItem':
    case 'mappingKey':
    case 'mappingValue':
      return valueOf(children.find((c) => c !== null && c.type !== 'documentHead'));
    case 'plain':
    case 'quoteSingle':
    case 'quoteDouble':
    case 'blockLiteral':
    case 'blockFolded':
      return node.value ?? '';
    case 'sequence':
    case 'flowSequence':
      return children.map(valueOf);
    case 'mapping':
    case 'flowMapping':
      return Object.fromEntries(children.map((item) => [String(valueOf(item?.children?.[0])), valueOf(item?.children?.[1])])); // prettier-ignore
    case 'null':
      return null;
    default:
      throw new Error(`YAML of type ${node.type} is not expected here`);
  }
}

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly on: Readonly<Record<string, Value>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly environment: { readonly name: string; readonly url: string }; readonly steps: readonly Step[] }>
  >;
} // prettier-ignore

let workflow: Workflow;
let steps: readonly Step[];
beforeAll(async () => {
  workflow = valueOf((await parsers.yaml.parse(read('.github/workflows/pages.yml'), {} as never)) as Node) as never;
  steps = Object.values(workflow.jobs)[0].steps;
});

describe('pages.yml', () => {
  it('the reader knows nesting, lists, quotes and flow', async () => {
    const text = 'a: [x, "y z"]\nb:\n  - c: 1\n    d:\n  - e\non: {f: g}\n';
    const ast = (await parsers.yaml.parse(text, {} as never)) as Node;
    expect(valueOf(ast)).toEqual({ a: ['x', 'y z'], b: [{ c: '1', d: null }, 'e'], on: { f: 'g' } });
  });
  it('runs on a push to main and by hand, alone', () => {
    expect(workflow.on).toEqual({ push: { branches: ['main'] }, workflow_dispatch: null });
    expect(workflow.concurrency).toEqual({ group: 'pages', 'cancel-in-progress': 'true' });
  });
  it('may read the code and publish the pages, nothing else', () => {
    expect(workflow.permissions).toEqual({ contents: 'read', pages: 'write', 'id-token': 'write' });
    expect(Object.keys(workflow.jobs)).toHaveLength(1);
    const [job] = Object.values(workflow.jobs);
    expect(job.environment.name).toBe('github-pages');
    const [, step] = /steps\.(\w+)\.outputs\.page_url/.exec(job.environment.url)!;
    expect(steps.find((s) => s.id === step)?.uses).toMatch(/^actions\/deploy-pages@/);
  });
  it('uses the actions of GitHub alone, each at a version', () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
  });
  it('every command is one that the project has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const targets = read('Makefile').match(/^[a-z][\w-]*(?=:)/gm) ?? [];
    const commands = steps.flatMap((s) => s.run?.split('\n') ?? []);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      const [program, verb, name] = command.trim().split(/\s+/);
      if (program === 'npm' && verb === 'run') expect(Object.keys(scripts)).toContain(name);
      else if (program === 'npm') expect([verb, existsSync(`${root}/package-lock.json`)]).toEqual(['ci', true]);
      else if (program === 'make') expect(targets).toContain(verb);
      else expect(program).toBe('cp');
    }
  });
  it('installs, builds, then publishes the folder that vite writes, with the widgets inside', () => {
    const at = (what: (s: Step) => boolean): number => steps.findIndex(what);
    const order = [
      at((s) => s.run === 'npm ci'),
      at((s) => s.run === 'npm run build'),
      at((s) => s.run === `cp -r ${embed.build?.outDir} ${site.build?.outDir}/embed`),
      at((s) => s.with?.path === site.build?.outDir),
      at((s) => s.id === 'deploy'),
    ];
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
  it('needs no base path: every address in the build is relative', () => {
    expect(site.base).toBe('./');
    expect(read('.github/workflows/pages.yml')).not.toMatch(/base/i);
    const html = read(`${site.build?.outDir}/index.html`);
    for (const [, address] of html.matchAll(/(?:src|href)="([^"#]+)"/g)) expect(address).toMatch(/^\.\//);
  });
  it('has a Node that the project accepts', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const version = steps.find((s) => s.uses?.startsWith('actions/setup-node'))?.with?.['node-version'];
    expect(Number(version)).toBeGreaterThanOrEqual(Math.floor(Number(/>=(\d+)/.exec(engines.node)![1])));
  });
});
