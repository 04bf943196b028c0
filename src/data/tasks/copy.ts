import { sequenceTask } from './sequence';

/** abc>abc */
export const copyTask = sequenceTask(
  { id: 'copy', title: 'Copy', about: 'Attention at a fixed distance: repeat the string one arrow back.' },
  (letters) => letters,
);
