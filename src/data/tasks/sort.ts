import { sequenceTask } from './sequence';

/** cab>abc */
export const sortTask = sequenceTask(
  { id: 'sort', title: 'Sort', about: 'Attention by content: count the letters and find the next larger one.' },
  (letters) => letters.toSorted((a, b) => a - b),
);
