/** The reader's own text, kept beside the run so that it can go on after a reload. It is left out of exports. */
export const CUSTOM_TEXT_FILE = 'dataset.txt';
