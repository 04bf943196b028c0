import { describe, expect, it } from 'vitest';
import { menuRows, rowText, SearchIndex, toggle } from '@/kconfig';
import { configOf, sym } from './support/tree';

const TREE = `
mainmenu "Lab"
config MODULES
	bool
	default y
config A
	bool "Option A"
config CHILD
	int "Child"
	depends on A
	default 3
config T
	tristate "Tri"
config PIN
	bool "Pinned"
config SEL
	bool "Sel"
	default y
	select PIN
choice
	prompt "Size"
config SMALL
	bool "Small"
config LARGE
	bool "Large"
endchoice
menu "Sub"
config S
	string "Text"
	default "abc"
endmenu
menu "Nothing"
endmenu
comment "A remark"
menuconfig DEEP
	bool "Deep"
config DEEPER
	bool "Deeper"
	depends on DEEP
config HIDDEN
	bool "Hidden" if n
`;

describe('rows', () => {
  const config = configOf(TREE);
  const texts = (showAll = false): string[] =>
    menuRows(config, config.tree.root, showAll).map((row) => rowText(config, row, { showAll }));

  it('read as in menuconfig', () => {
    expect(texts()).toEqual([
      '[ ] Option A (NEW)',
      '< > Tri (NEW)',
      '-*- Pinned (NEW)',
      '[*] Sel (NEW)',
      '    Size (Small)  --->',
      '    Sub  --->',
      '    Nothing  ----',
      '    *** A remark ***',
      '[ ] Deep (NEW)  ----',
    ]);
    toggle(config, sym(config, 'A'));
    toggle(config, sym(config, 'T'));
    expect(texts().slice(0, 3)).toEqual(['[*] Option A', '(3)   Child (NEW)', '<M> Tri']);
    expect(texts(true)).toContain('- - Hidden (NEW)');
  });

  it('of a choice', () => {
    const [choice] = config.tree.choices;
    const shown = (): string[] => menuRows(config, choice.nodes[0]).map((row) => rowText(config, row));
    expect(shown()).toEqual(['(X) Small', '( ) Large']);
    toggle(config, sym(config, 'LARGE'));
    expect(shown()).toEqual(['( ) Small', '(X) Large']);
  });
});

describe('search', () => {
  const { tree } = configOf(TREE);
  const index = new SearchIndex(tree);
  const names = (query: string): string[] => {
    const result = index.search(query);
    return result.ok ? result.hits.map((hit) => `${hit.node.kind} ${hit.name ?? hit.prompt ?? ''}`) : [result.reason];
  };

  it('matches all words in names or prompts, symbols first', () => {
    expect(names('s')).toEqual(['symbol MODULES', 'symbol S', 'symbol SEL', 'symbol SMALL', 'choice Size', 'menu Sub']);
    expect(names('deep er')).toEqual(['symbol DEEPER']);
    expect(names('^l')).toEqual(['symbol LARGE']);
    expect(names('REMARK')).toEqual(['comment A remark']);
  });

  it('reports a bad pattern', () => {
    expect(names('(')[0]).toContain('Invalid regular expression');
  });
});
