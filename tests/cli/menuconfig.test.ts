/** The terminal menu, driven by keys without a terminal. Expected screens are written by hand. */
import { describe, expect, it } from 'vitest';
import { chosenNode, frameOf, resize, start, wasSaved, type State } from '@/cli/menuconfig/core';
import { fieldOf, typeKey } from '@/cli/menuconfig/field';
import { flushKeys, parseKeys } from '@/cli/menuconfig/keys';
import { CHROME, plain, render } from '@/cli/menuconfig/render';
import { steps } from '@/cli/menuconfig/state';
import { cells, fit, wrap } from '@/cli/menuconfig/wrap';
import { Config, loadConfig, loadTree, memoryReader, writeConfig, writeMinConfig } from '@/kconfig';

const SOURCE = `mainmenu "Small tree"

config MODULES
	bool "Modules"
	default y
	option modules

config FAST
	bool "Fast path"
	help
	  Skips the slow one.

config LEVEL
	int "Level"
	default 3
	range 1 9
	depends on FAST
	help
	  How fast.
	  @unit gears

config DRIVER
	tristate "Driver"
	select CORE

config CORE
	bool "Core"

config RATE
	string "Rate"
	default "1e-3"
	help
	  A real number.
	  @real (0, 1]

comment "Colours"

choice
	prompt "Colour"
	default RED

config RED
	bool "Red"

config BLUE
	bool "Blue"

endchoice

menu "More"

config NAME
	string "Name"
	default "x"

menuconfig EXTRAS
	bool "Extras"

config EXTRA_HEX
	hex "Mask"
	default 0x10
	depends on EXTRAS

endmenu
`;

const tree = loadTree({ reader: memoryReader({ Kconfig: SOURCE }) });

function open(text: string | null = null, height = 16): State {
  const config = new Config(tree);
  if (text !== null) loadConfig(config, text);
  return start(config, { file: '.config', saved: text, height });
}

/** Keys from words: `down*3 enter "text"`. */
function press(state: State, script: string): State {
  const keys = [...script.matchAll(/"([^"]*)"|(\S+?)(?:\*(\d+))?(?=\s|$)/g)].flatMap(([, text, key, times]) =>
    text === undefined ? Array<string>(Number(times ?? 1)).fill(key === 'space' ? ' ' : key!) : [...text],
  );
  return steps(state, keys);
}

const screen = (state: State, width = 60, height = 24): string[] =>
  render(resize(state, height - CHROME, width), width, height).map((line) => plain(line).trimEnd());

const list = (state: State): string[] =>
  screen(state)
    .slice(3, 3 + 16)
    .filter((line) => line !== '');
const value = (state: State, name: string): string => state.config.value(state.config.find(name)!);
const at = (state: State): string => chosenNode(state)?.prompt?.text ?? '';

describe('the screen', () => {
  it('shows rows in menuconfig’s idiom', () => {
    expect(list(open())).toEqual([
      '  [*] Modules (NEW)',
      '  [ ] Fast path (NEW)',
      '  < > Driver (NEW)',
      '  [ ] Core (NEW)',
      '  (1e-3) Rate (NEW)',
      '      *** Colours ***',
      '      Colour (Red)  --->',
      '      More  --->',
    ]);
  });

  it('shows dependent rows indented, selected ones pinned, changed ones without NEW', () => {
    const state = press(open(), 'down space down*2 m');
    expect(list(state)).toEqual([
      '  [*] Modules (NEW)',
      '  [*] Fast path',
      '  (3)   Level (NEW)',
      '  <M> Driver',
      '  -*- Core (NEW)',
      '  (1e-3) Rate (NEW)',
      '      *** Colours ***',
      '      Colour (Red)  --->',
      '      More  --->',
    ]);
  });

  it('shows a choice as (X) and ( )', () => {
    const state = press(open(), 'down*6 enter');
    expect(list(state)).toEqual(['  (X) Red', '  ( ) Blue']);
    expect(screen(state)[1]).toBe(' Main menu > Colour');
  });

  it('has a title with the file and its state, and lines exactly as wide as asked', () => {
    expect(screen(open())[0]).toBe(` Small tree${' '.repeat(35)}.config (new)`);
    const saved = open(writeConfig(new Config(tree)));
    expect(screen(saved)[0]).toMatch(/ \.config$/);
    expect(screen(press(saved, 'down y'))[0]).toMatch(/ \.config \(changed\)$/);
    for (const state of [open(), press(open(), '/ "a"'), press(open(), 'down ?'), press(open(), 'down y down enter')])
      for (const [width, height] of [
        [80, 24],
        [40, 12],
        [24, 9],
        [10, 3],
      ] as const) {
        const lines = render(resize(state, height - CHROME, width), width, height);
        expect(lines).toHaveLength(height);
        for (const line of lines) expect(cells(plain(line))).toBe(width);
      }
  });

  it('scrolls with the cursor and says where it is', () => {
    const state = press(open(null, 4), 'end');
    expect(frameOf(state)).toMatchObject({ cursor: 7, top: 4 });
    expect(screen(state, 60, 4 + CHROME)[3 + 4]).toMatch(/ 5-8 of 8 ──$/);
    expect(frameOf(press(state, 'home'))).toMatchObject({ cursor: 0, top: 0 });
  });

  it('lets no control character of a value through', () => {
    const state = press(open('CONFIG_RATE="1"\nCONFIG_NAME="a\x1b[2Jb"\n'), 'end enter');
    expect(list(state)[0]).toBe('  (a·[2Jb) Name');
  });
});

describe('keys', () => {
  it('finds by search, jumps, edits, undoes and redoes', () => {
    let state = press(open(), '/ "name"');
    expect(screen(state).slice(1, 4)).toEqual([' Search: name', '─'.repeat(60), '  NAME  Name  (x)']);
    state = press(state, 'enter');
    expect(screen(state)[1]).toBe(' Main menu > More');
    expect(at(state)).toBe('Name');
    state = press(state, 'enter ctrl-u "run 1" enter');
    expect(value(state, 'NAME')).toBe('run 1');
    state = press(state, 'u');
    expect(value(state, 'NAME')).toBe('x');
    expect(state.message).toBe('undo: NAME=x');
    state = press(state, 'U');
    expect(value(state, 'NAME')).toBe('run 1');
    expect(press(state, 'U').message).toBe('nothing to redo');
  });

  it('jumps to a hidden symbol by showing all, and says why it is hidden', () => {
    const state = press(open(), '/ "level" enter');
    expect(state.showAll).toBe(true);
    expect(at(state)).toBe('Level');
    expect(press(state, 'enter').message).toBe('this cannot be changed now: w says why');
    expect(list(press(state, 'w'))).toEqual([
      '  LEVEL cannot be changed now:',
      '  It is hidden because:',
      '      FAST is n; it has to be true',
    ]);
  });

  it('says who selects a pinned symbol, and what a flip would change', () => {
    const state = press(open(), 'down*2 y down');
    expect(press(state, 'n').message).toBe('this cannot be changed now: w says why');
    expect(list(press(state, 'w'))).toEqual([
      '  CORE cannot be changed now:',
      '  At least y, selected by:',
      '      DRIVER = y',
    ]);
    expect(list(press(open(), 'down*2 w'))).toContain('      CORE: n -> y');
  });

  it('refuses a value outside the range inline and keeps the field open', () => {
    let state = press(open(), 'down y down enter backspace "12"');
    const shown = screen(state).join('\n');
    expect(shown).toContain('12 is outside the range [1, 9]');
    state = press(state, 'enter');
    expect(state.mode.kind).toBe('edit');
    expect(value(state, 'LEVEL')).toBe('3');
    state = press(state, 'backspace*2 "7" enter');
    expect(state.mode.kind).toBe('menu');
    expect(value(state, 'LEVEL')).toBe('7');
  });

  it('checks the range of a real', () => {
    const state = press(open(), 'down*4 enter ctrl-u "2" enter');
    expect(state.mode).toMatchObject({ kind: 'edit', problem: expect.stringContaining('(0, 1]') as string });
    expect(value(press(state, 'escape'), 'RATE')).toBe('1e-3');
  });

  it('picks a member of a choice and goes back', () => {
    const state = press(open(), 'down*6 enter down enter');
    expect(list(state)).toContain('      Colour (Blue)  --->');
    expect(at(state)).toBe('Colour');
  });

  it('toggles m, y, n of a tristate with space', () => {
    const values = [1, 2, 3].map((n) => value(press(open(), `down*2 space*${n}`), 'DRIVER'));
    expect(values).toEqual(['m', 'y', 'n']);
  });

  it('opens a menuconfig, and only when something is in it', () => {
    const more = press(open(), 'end enter down');
    expect(list(more)[1]).toBe('  [ ] Extras (NEW)  ----');
    const inside = press(more, 'y enter');
    expect(list(inside)).toEqual(['  (0x10) Mask (NEW)']);
    expect(list(press(inside, 'left'))[1]).toBe('  [*] Extras  --->');
  });

  it('never changes an earlier state', () => {
    const before = press(open(), 'down');
    const text = writeConfig(before.config);
    press(before, 'y down enter ctrl-u "5" enter');
    expect(writeConfig(before.config)).toBe(text);
  });

  it('shows help with every operand’s value', () => {
    const page = list(press(open(), '/ "level" enter ?'));
    expect(page).toContain('      [1, 9] if FAST (=n)');
    expect(page).toContain('      FAST (=n)');
    expect(list(press(open(), 'down y down ?'))).toContain('  Range:  [1, 9]');
    expect(page).toContain('  Unit:   gears');
    expect(page).toContain('  Defined at Kconfig:13');
  });

  it('shows a search pattern’s error and survives it', () => {
    const state = press(open(), '/ "("');
    expect(screen(state)[3]).toMatch(/Invalid regular expression/);
    expect(press(state, 'enter').mode.kind).toBe('search');
    expect(press(state, 'escape').mode.kind).toBe('menu');
  });
});

describe('saving and leaving', () => {
  it('asks to save what changed, and leaves at once otherwise', () => {
    const clean = open(writeConfig(new Config(tree)));
    expect(press(clean, 'q').request).toBe('quit');
    const dirty = press(clean, 'down y');
    expect(dirty.dirty).toBe(true);
    const asked = press(dirty, 'q');
    expect(asked.mode.kind).toBe('quit');
    expect(screen(asked).join('\n')).toContain('Save the configuration to .config?');
    expect(press(asked, 'y').request).toBe('save-and-quit');
    expect(press(asked, 'n').request).toBe('quit');
    expect(press(asked, 'escape')).toMatchObject({ request: 'none', mode: { kind: 'menu' } });
    expect(press(dirty, 'u').dirty).toBe(false);
  });

  it('saves with s', () => {
    const state = press(open(), 'down y s');
    expect(state.request).toBe('save');
    const saved = wasSaved({ ...state, request: 'none' }, writeConfig(state.config));
    expect(saved.dirty).toBe(false);
    expect(writeMinConfig(saved.config)).toBe('CONFIG_FAST=y\n');
    expect(press(saved, 'q').request).toBe('quit');
  });

  it('is interrupted by Ctrl-C anywhere', () => {
    for (const before of ['down', '/ "a"', 'down*4 enter', '?', 'down y q'])
      expect(press(open(), `${before} ctrl-c`).request).toBe('interrupt');
  });

  it('shows what is wrong with the whole', () => {
    const check = (config: Config): string | null => (config.value(config.find('FAST')!) === 'y' ? 'too fast' : null);
    const state = start(new Config(tree), { file: '.config', saved: null, check });
    expect(screen(press(state, 'down y up')).join('\n')).toContain(' ! too fast');
  });
});

describe('terminal input', () => {
  it('becomes keys, also in pieces', () => {
    expect(parseKeys('a\x1b[A\x1bOB\x1b[5~\r\x7f\x1b[1;5Cü文')).toEqual({
      keys: ['a', 'up', 'down', 'pageup', 'enter', 'backspace', 'right', 'ü', '文'],
      rest: '',
    });
    expect(parseKeys('x\x1b[')).toEqual({ keys: ['x'], rest: '\x1b[' });
    expect(parseKeys('\x1b')).toEqual({ keys: [], rest: '\x1b' });
    expect(flushKeys('\x1b')).toEqual(['escape']);
    expect(parseKeys('\x1bq').keys).toEqual(['escape', 'q']);
    expect(parseKeys('\x03\x15').keys).toEqual(['ctrl-c', 'ctrl-u']);
  });

  it('edits a field by code points', () => {
    const keys = ['left', 'left', 'delete', '文', 'home', 'x', 'end', 'backspace'];
    expect(keys.reduce(typeKey, fieldOf('a😀b'))).toEqual({ text: 'xa文', at: 3 });
  });

  it('fits and wraps text', () => {
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(fit('文文文', 4)).toBe('文… ');
    expect(wrap(['    one two three', 'short'], 11)).toEqual(['    one two', '    three', 'short']);
    for (const line of wrap([`  ${'x'.repeat(50)} y`, '文'.repeat(30)], 20))
      expect(cells(line)).toBeLessThanOrEqual(20);
  });
});
