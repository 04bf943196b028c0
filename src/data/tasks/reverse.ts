import { sequenceTask } from './sequence';

/** abc>cba */
export const reverseTask = sequenceTask(
  { id: 'reverse', title: 'Reverse', about: 'Attention at a distance that grows by two with every token.' },
  (letters) => letters.toReversed(),
);
