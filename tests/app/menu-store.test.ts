/**
 * The menu store without a browser: steps, undo, presets, loading, links, slots, and the wire to the setup store. FUZZ_RUNS=n for a
 * longer fuzz of links (scripts/fuzz-import.sh).
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { KCONFIG_SOURCES } from '@/experiment/kconfig-tree';
import { PRESETS, DEFAULT_PRESET } from '@/worker/presets';
import type { PlanSummary } from '@/worker/protocol';
import { foldTwins } from '@/app/menu/presets';
import { type Page, parseLocation } from '@/app/routes';
import { createMenuStore, type MenuStoreApi } from '@/app/stores/menu';
import { jump, jumpToItem, leave, leaveTo, moveTo, search, toggleShowAll } from '@/app/stores/menu/cursor';
import { activate, commit, flip, redo, revert, setTo, undo } from '@/app/stores/menu/edit';
import { applyStart, linkQuery, pack, readStart, unpack, withoutConfig, type Start } from '@/app/stores/menu/link';
import { loadPreset, loadTarget, loadText } from '@/app/stores/menu/load';
import { chosenNode, minimalText, openMenu, rowsOf, type Menu } from '@/app/stores/menu/model';
import { createSetupStore, requestOf, type SetupStoreApi } from '@/app/stores/setup';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

const SOURCES = {
  Kconfig: `mainmenu "Test"
config FAST
	bool "Fast"
config DEEP
	bool "Deep"
	depends on FAST
config WIDTH
	int "Width"
	range 2 64
	default 8
config RATE
	string "Rate"
	default "0.5"
	help
	  How fast.
	  @real (0, 1] 1/step
menu "More"
config HIDDEN
	bool "Hidden"
	depends on DEEP
choice
	prompt "Colour"
	default RED
config RED
	bool "Red"
config BLUE
	bool "Blue"
endchoice
endmenu
`,
};
const SMALL = [
  { name: 'plain', title: 'Plain', text: '' },
  { name: 'wide', title: 'Wide', text: 'CONFIG_WIDTH=32\n' },
  { name: 'plain-ci', title: 'Twin', text: 'CONFIG_WIDTH=2\n' },
];

const opened = (): Menu => openMenu(SOURCES, SMALL, 'plain');
const value = ({ version: { config } }: Menu, name: string): string => config.value(config.find(name)!);
const to = (menu: Menu, name: string): Menu => jumpToItem(menu, menu.version.config.find(name)!);
const typed = (menu: Menu, name: string, text: string): ReturnType<typeof commit> =>
  commit(menu, menu.version.config.find(name)!, text);

describe('steps', () => {
  it('never change the configuration in place, and undo and redo travel through the same ones', () => {
    const start = opened();
    const on = flip(to(start, 'FAST'));
    expect([value(start, 'FAST'), value(on, 'FAST')]).toEqual(['n', 'y']);
    const wide = typed(on, 'WIDTH', '16').menu;
    expect([...wide.changes.symbols].map((sym) => sym.name)).toEqual(['FAST', 'WIDTH']);
    const back = undo(undo(wide));
    expect(back.version).toBe(start.version);
    expect(back.changes.count).toBe(0);
    expect(redo(redo(back)).version).toBe(wide.version);
    expect(undo(back).message).toBe('Nothing to undo.');
    expect(flip(to(back, 'FAST')).redo).toEqual([]);
  });

  it('refuse a value outside of its range with the range, and leave things as they were', () => {
    const start = opened();
    for (const [name, text, reason] of [
      ['WIDTH', '65', '65 is outside the range [2, 64]'],
      ['WIDTH', 'x', "'x' is not an integer"],
      ['RATE', '0', '0 is outside the range (0, 1]'],
    ] as const) {
      const { menu, problem } = typed(start, name, text);
      expect(problem).toBe(reason);
      expect(menu.version).toBe(start.version);
    }
    expect(typed(start, 'RATE', '1e-3').problem).toBeNull();
  });

  it('say why nothing happened on a row that is fixed', () => {
    const shown = to(toggleShowAll(opened()), 'DEEP');
    expect(chosenNode(shown)?.prompt?.text).toBe('Deep');
    const same = setTo(shown, 2);
    expect(same.version).toBe(shown.version);
    expect(same.message).toMatch(/cannot be changed/);
  });

  it('open a choice on its selection, pick a member and go back', () => {
    const choice = activate(leaveTo(to(opened(), 'RED'), 1));
    expect(chosenNode(choice)?.prompt?.text).toBe('Red');
    const picked = activate(moveTo(choice, 1));
    expect(value(picked, 'BLUE')).toBe('y');
    expect(picked.frames).toHaveLength(2);
    // A choice is one setting though two members changed, and the menus above it are marked.
    expect(picked.changes.count).toBe(1);
    expect(picked.changes.entries).toHaveLength(2);
    expect(rowsOf(leave(picked)).filter(({ node }) => picked.changes.nodes.has(node))).toHaveLength(1);
  });

  it('jump to what is hidden by showing all, and come back to where they were', () => {
    const menu = search(opened(), 'hid');
    if (menu.pane.kind !== 'search') throw new Error('no search');
    expect(menu.pane.hits.map((hit) => hit.name)).toEqual(['HIDDEN']);
    const there = jump(menu, menu.pane.hits[0].node);
    expect([there.showAll, there.pane.kind, chosenNode(there)?.prompt?.text]).toEqual([true, 'none', 'Hidden']);
    expect(chosenNode(leave(there))?.prompt?.text).toBe('More');
    const bad = search(opened(), '(');
    expect(bad.pane.kind === 'search' && bad.pane.problem).toMatch(/unterminated/i);
  });

  it('revert one setting to the preset and keep the others', () => {
    const wide = loadPreset(opened(), 'wide');
    const changed = typed(flip(to(wide, 'FAST')), 'WIDTH', '16').menu;
    const reverted = revert(changed, changed.version.config.find('WIDTH')!);
    expect([value(reverted, 'WIDTH'), value(reverted, 'FAST')]).toEqual(['32', 'y']);
    expect(minimalText(reverted.version.config)).toBe('CONFIG_FAST=y\nCONFIG_WIDTH=32\n');
  });
});

describe('loading', () => {
  it('reports each line without effect with its number and reason', () => {
    const { menu, report } = loadText(opened(), 'CONFIG_WIDTH=70\nCONFIG_NONE=y\nCONFIG_DEEP=y\nnonsense\n', {
      title: 'x',
    });
    expect(report.lines.filter((line) => line.ignored).map(({ line, text }) => [line, text])).toEqual([
      [1, 'CONFIG_WIDTH=70'],
      [2, 'CONFIG_NONE=y'],
      [3, 'CONFIG_DEEP=y'],
      [4, 'nonsense'],
    ]);
    expect(report.lines[0].message).toContain('[2, 64]');
    expect(report.lines[2].message).toContain('FAST is n');
    expect(undo(menu).changes.count).toBe(0);
  });

  it('replaces, or merges', () => {
    const fast = flip(to(opened(), 'FAST'));
    const replaced = loadText(fast, 'CONFIG_WIDTH=4\n', { title: 'x' }).menu;
    expect([value(replaced, 'FAST'), value(replaced, 'WIDTH')]).toEqual(['n', '4']);
    const merged = loadText(fast, 'CONFIG_WIDTH=4\n', { title: 'x', merge: true }).menu;
    expect([value(merged, 'FAST'), value(merged, 'WIDTH')]).toEqual(['y', '4']);
  });

  it('marks as new only what a complete file leaves out', () => {
    const complete = loadText(opened(), '# CONFIG_FAST is not set\nCONFIG_WIDTH=8\nCONFIG_RED=y\n', { title: 'x' });
    expect(complete.report.added.map((sym) => sym.name)).toEqual(['RATE']);
    expect(complete.menu.version.complete).toBe(true);
    const minimal = loadText(opened(), 'CONFIG_WIDTH=9\n', { title: 'x' });
    expect(minimal.report.added).toEqual([]);
  });

  it('starts from nothing as the targets of make do', () => {
    const yes = loadTarget(loadPreset(opened(), 'wide'), 'allyesconfig');
    expect(['FAST', 'DEEP', 'HIDDEN', 'WIDTH'].map((name) => value(yes, name))).toEqual(['y', 'y', 'y', '8']);
    expect(yes.version.preset).toBe('wide');
    expect(value(loadTarget(yes, 'allnoconfig'), 'FAST')).toBe('n');
    expect(minimalText(loadTarget(yes, 'alldefconfig').version.config)).toBe('');
  });

  it('folds a twin under its preset, and leaves an orphan alone', () => {
    expect(foldTwins(SMALL).map(({ preset, twin }) => [preset.name, twin?.name])).toEqual([
      ['plain', 'plain-ci'],
      ['wide', undefined],
    ]);
    expect(foldTwins(SMALL.slice(1)).map(({ preset }) => preset.name)).toEqual(['wide', 'plain-ci']);
  });
});

describe('links', () => {
  const start = (query: URLSearchParams): Start => readStart(query);

  it('are readable for a few changes, and open the same configuration', () => {
    const menu = typed(flip(to(loadPreset(opened(), 'wide'), 'FAST')), 'RATE', '1e-3').menu;
    const query = linkQuery(menu, menu.version);
    expect(query.toString()).toBe('defconfig=wide&FAST=y&RATE=1e-3');
    const { preset, assignments, text } = start(query);
    expect([preset, text]).toEqual(['wide', null]);
    expect(assignments).toEqual([
      ['FAST', 'y'],
      ['RATE', '1e-3'],
    ]);
  });

  it('pack what cannot be said by assignments: a value taken back to its default', () => {
    const wide = loadPreset(opened(), 'wide');
    const menu = loadText(wide, 'CONFIG_FAST=y\n', { title: 'x' }).menu;
    const query = linkQuery(menu, menu.version);
    expect(start(query).text).toBe('CONFIG_FAST=y\n');
  });

  it('survive cut, foreign and exploding data', () => {
    const text = minimalText(flip(to(opened(), 'FAST')).version.config);
    expect(unpack(pack(text))).toBe(text);
    for (const bad of ['', '!', 'AAAA', pack(text).slice(0, -3)]) expect(unpack(bad), bad).not.toBe(text);
    expect(unpack('!')).toBeNull();
    const bomb = unpack(pack('x'.repeat(1 << 22)));
    expect(bomb === null || bomb.length <= 1 << 20).toBe(true);
    expect(start(new URLSearchParams('c=!')).problem).toMatch(/cannot be read/);
  });

  it(`fuzz: ${RUNS} damaged addresses open a page and a configuration that its ranges allow`, () => {
    const menu = opened();
    const packed = pack('CONFIG_FAST=y\nCONFIG_WIDTH=16\nCONFIG_RATE="1e-3"\n');
    const good = `#/lab?defconfig=wide&FAST=y&WIDTH=16&RATE=1e-3&c=${packed}`;
    const odd = ['%', '%00', '&', '=', '#', '"', '<script>', '\n', '\u{1f40b}', 'WIDTH=', '-9e99', '__proto__=y'];
    const table = [{ path: 'lab' }, { path: 'runs' }] as unknown as readonly Page[];
    let state = 1;
    const draw = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
    let reported = 0;
    for (let i = 0; i < RUNS; i++) {
      let hash = good;
      for (let n = 1 + draw(3); n > 0; n--) {
        const at = draw(hash.length + 1);
        hash = hash.slice(0, at) + (draw(3) === 0 ? '' : odd[draw(odd.length)]!) + hash.slice(at + draw(6));
      }
      const { page, query } = parseLocation(hash, '', table);
      expect(table, hash).toContain(page);
      const next = applyStart(menu, readStart(query));
      const width = Number(value(next, 'WIDTH'));
      expect(Number.isInteger(width) && width >= 2 && width <= 64, hash).toBe(true);
      expect(['y', 'n'], hash).toContain(value(next, 'FAST'));
      if (next.pane?.kind === 'report') reported++;
    }
    expect(reported).toBeGreaterThan(RUNS / 10);
  });

  it('keep what else is in the address', () => {
    const query = withoutConfig(new URLSearchParams('run=1&FAST=y&defconfig=a&c=x&scenario=nan'));
    expect(query.toString()).toBe('run=1&scenario=nan');
  });
});

describe('store', () => {
  let setup: SetupStoreApi;
  let plans: (string | null)[];
  let storage: Map<string, string>;
  const open = (query = ''): MenuStoreApi => {
    setup = createSetupStore();
    plans = [];
    const kept = storage;
    const store = createMenuStore({
      setup,
      replan: () => plans.push(setup.getState().config),
      storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => void kept.set(key, text) },
      start: readStart(new URLSearchParams(query)),
    });
    setup.setState({ presets: PRESETS, sources: KCONFIG_SOURCES, preset: DEFAULT_PRESET });
    return store;
  };
  const menuOf = (store: MenuStoreApi): Menu => store.getState().menu!;
  beforeEach(() => {
    storage = new Map();
  });

  it('gives every change to the next run and plans it', () => {
    const store = open();
    const before = requestOf(setup.getState());
    expect(before?.config).toBe(minimalText(menuOf(store).version.base));
    store.act((menu) => commit(menu, menu.version.config.find('GPT2_N_LAYER')!, '7').menu);
    expect(plans).toHaveLength(1);
    expect(plans[0]).toContain('CONFIG_GPT2_N_LAYER=7\n');
    store.act((menu) => moveTo(menu, 2));
    expect(plans).toHaveLength(1);
    store.act(undo);
    expect(requestOf(setup.getState())).toEqual(before);
  });

  it('follows a preset with overrides that another page chooses', () => {
    const store = open();
    setup.setState({ preset: 'gpt2-sotu-bpe', overrides: { GPT2_N_LAYER: '3', LEARNING_RATE: '5e-4' }, config: null });
    const { config, preset } = menuOf(store).version;
    expect([preset, config.value(config.find('LEARNING_RATE')!)]).toEqual(['gpt2-sotu-bpe', '5e-4']);
    const state = setup.getState();
    expect(state.config).toContain('CONFIG_GPT2_N_LAYER=3\n');
    expect(state.overrides).toEqual({});
    expect(menuOf(store).changes.count).toBe(2);
  });

  it('starts from the address, and says what in it had no effect', () => {
    const store = open('defconfig=gpt2-vanilla-baseline&GPT2_N_LAYER=6&GPT2_N_HEADS=2&BATCH_SIZE=0&run=1');
    const { config } = menuOf(store).version;
    expect(config.value(config.find('GPT2_N_LAYER')!)).toBe('6');
    const { pane } = menuOf(store);
    if (pane.kind !== 'report') throw new Error('no report');
    expect(pane.report.lines.map((line) => line.message).join('\n')).toMatch(/GPT2_N_HEADS[\s\S]*BATCH_SIZE/);
    expect(pane.report.lines).toHaveLength(2);
    expect(menuOf(store).undo).toEqual([]);
  });

  it('trains on dropped text through the menu, and gives the dataset back', () => {
    const store = open();
    setup.setState({ customText: { name: 'a', text: 'b' } });
    expect(setup.getState().config).toContain('CONFIG_DATASET_CUSTOM=y\n');
    expect(requestOf(setup.getState())?.customText?.name).toBe('a');
    store.act((menu) => setTo(to(menu, 'DATASET_SOTU'), 2));
    expect(requestOf(setup.getState())?.customText).toBeUndefined();
    store.act(undo);
    setup.setState({ customText: null });
    expect(menuOf(store).changes.count).toBe(0);
  });

  it('remembers the cost of the preset as it ships, and only that', () => {
    const store = open();
    const summary = (parameters: number): PlanSummary => ({ parameters }) as PlanSummary;
    const ready = (parameters: number): void =>
      setup.setState({ plan: { status: 'ready', summary: summary(parameters) } });
    ready(10);
    store.act((menu) => flip(to(menu, 'GPT2_BIAS')));
    ready(9);
    expect(store.getState().baseCost?.parameters).toBe(10);
    store.act((menu) => loadPreset(menu, 'gpt2-sotu-bpe'));
    expect(store.getState().baseCost).toBeNull();
  });

  it('keeps named configurations across visits, and survives foreign storage', () => {
    const store = open();
    store.act((menu) => flip(to(menu, 'GPT2_BIAS')));
    store.saveSlot('no bias');
    store.saveSlot('no bias');
    expect(store.getState().slots).toHaveLength(1);
    const next = open();
    const [slot] = next.getState().slots;
    expect(slot.preset).toBe(DEFAULT_PRESET);
    next.load(slot.text, slot.name, false);
    expect(value(menuOf(next), 'GPT2_BIAS')).toBe('n');
    expect(menuOf(next).pane.kind).toBe('none');
    next.deleteSlot('no bias');
    expect(open().getState().slots).toEqual([]);
    for (const junk of ['{', '3', '[{"name": 1}]']) {
      storage.set('knlp.configs.1', junk);
      expect(open().getState().slots).toEqual([]);
    }
  });

  it('says why there is no menu when the sources cannot be read', () => {
    const broken = createSetupStore();
    const store = createMenuStore({ setup: broken, replan: () => undefined, storage: null, start: null });
    broken.setState({ presets: SMALL, sources: { Kconfig: 'config A\n\tbool "a\n' }, preset: 'plain' });
    expect(store.getState().menu).toBeNull();
    expect(store.getState().error).toMatch(/Kconfig:2/);
  });
});
