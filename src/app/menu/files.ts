/** Downloads of the menu's configuration. */
import { download } from '../plot/export';
import { defconfigText, fullText } from '../stores/menu';
import type { Menu } from '../stores/menu/model';

const save = (name: string, text: string): string => {
  download(name, new Blob([text], { type: 'text/plain' }));
  return name;
};

/** The minimal configuration as a file; returns its name. */
export const downloadDefconfig = (menu: Menu): string => save(`${menu.version.preset}-changed`, defconfigText(menu));

/** The complete configuration as a file; returns its name. A name with a leading dot would be hidden or renamed. */
export const downloadFull = (menu: Menu): string => save('knlp.config', fullText(menu));
