import { describe, expect, it } from 'vitest';
import { loadConfig } from '@/kconfig';
import { configOf, sym } from './support/tree';

const TREE = `
config MODULES
	bool
config GPU
	bool "GPU"
config FLASH
	bool "Flash"
	depends on GPU
config BATCH
	int "Batch"
	range 1 64
	default 8
config NAME
	string "Name"
config LR
	string "LR"
	default "3e-4"
	help
	  Rate.
	  @real (0, 1] 1/step
config NEEDS
	bool "Needs"
	select HELPER
config HELPER
	bool "Helper"
choice
	prompt "Mode"
config MODE_A
	bool "A"
config MODE_B
	bool "B"
endchoice
`;

/** Notes as `line kind ignored`. */
function notesOf(text: string): string[] {
  const config = configOf(TREE);
  return loadConfig(config, text).notes.map((note) => `${note.line} ${note.kind}${note.ignored ? ' ignored' : ''}`);
}

describe('the report of the .config reader', () => {
  it('says line by line what was ignored', () => {
    const text = [
      'CONFIG_GPU=y',
      'CONFIG_GHOST=y',
      'CONFIG_BATCH=9 # nine',
      'CONFIG_NAME=bare',
      'junk',
      'CONFIG_GPU = y',
      '# CONFIG_BATCH is not set',
      'CONFIG_BATCH=100',
      'CONFIG_LR="2"',
      'CONFIG_FLASH=maybe',
    ].join('\n');
    expect(notesOf(text)).toEqual([
      '2 unknown-symbol ignored',
      '3 bad-value ignored',
      '4 bad-value ignored',
      '5 malformed ignored',
      '6 unknown-symbol ignored',
      '7 bad-value ignored',
      '8 out-of-range ignored',
      '9 out-of-range ignored',
      '10 bad-value ignored',
    ]);
  });

  it('gives reasons in words', () => {
    const config = configOf(TREE);
    const text =
      'CONFIG_FLASH=y\nCONFIG_NEEDS=y\n# CONFIG_HELPER is not set\nCONFIG_MODE_B=y\nCONFIG_MODE_A=y\nCONFIG_BATCH=0x10\n';
    const messages = loadConfig(config, text).notes.map((note) => `${note.line}: ${note.message}`);
    expect(messages).toEqual([
      '1: FLASH=y has no effect, the value is n: hidden because GPU is n',
      '3: HELPER=n has no effect, the value is y: selected by NEEDS',
      '4: MODE_B=y has no effect, the value is n: its choice has MODE_A',
      "6: BATCH: '0x10' is not an integer",
    ]);
  });

  it('reads CRLF, CR and a byte-order mark, and says so', () => {
    const config = configOf(TREE);
    const report = loadConfig(config, '\uFEFFCONFIG_GPU=y\r\nCONFIG_NAME="x"\rCONFIG_BATCH=5\r\n');
    expect(report.notes.map((note) => [note.line, note.kind, note.ignored])).toEqual([
      [1, 'encoding', false],
      [1, 'encoding', false],
    ]);
    expect(report.assigned).toBe(3);
    expect(config.value(sym(config, 'BATCH'))).toBe('5');
  });

  it('notes duplicates, loose values and text behind a string', () => {
    expect(notesOf('CONFIG_GPU=yes\nCONFIG_GPU=n\nCONFIG_NAME="a" b\n')).toEqual(['1 loose', '2 duplicate', '3 loose']);
  });

  it('keeps what a merge does not mention and forgets what a load does not', () => {
    const config = configOf(TREE);
    loadConfig(config, 'CONFIG_GPU=y\nCONFIG_NAME="a"\n');
    loadConfig(config, 'CONFIG_BATCH=4\n', { merge: true });
    expect([config.value(sym(config, 'GPU')), config.value(sym(config, 'BATCH'))]).toEqual(['y', '4']);
    loadConfig(config, 'CONFIG_BATCH=4\n');
    expect(config.value(sym(config, 'GPU'))).toBe('n');
  });
});
