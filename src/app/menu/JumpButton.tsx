/** A symbol or choice by name; pressing it goes there in the menu. */
import type { ReactNode } from 'react';
import { itemText, type Item } from '@/kconfig';
import { useWorkbench } from '../context';
import { jumpToItem } from '../stores/menu/cursor';

export function JumpButton({ item, text }: { readonly item: Item; readonly text?: string }): ReactNode {
  const { menu } = useWorkbench();
  const name = item.kind === 'choice' ? (item.nodes[0]?.prompt?.text ?? itemText(item)) : item.name;
  return (
    <button
      type="button"
      className="jump num"
      title={`Go to ${name}`}
      onClick={() => menu.act((at) => jumpToItem(at, item))}
    >
      {text ?? name}
    </button>
  );
}
