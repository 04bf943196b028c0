import { additionTask } from './addition';
import { copyTask } from './copy';
import { dyckTask } from './dyck';
import { recallTask } from './recall';
import { reverseTask } from './reverse';
import { sortTask } from './sort';
import type { Task } from './task';

export { TASK_METRICS, type TaskMetric, type TaskMetricId, type TaskScore } from './metric';
export { type Task, type TaskExample, type TaskSettings, taskExample, taskRows, taskSettings } from './task';

export type TaskName = 'copy' | 'reverse' | 'sort' | 'addition' | 'recall' | 'dyck';

export const TASKS: Readonly<Record<TaskName, Task>> = {
  copy: copyTask,
  reverse: reverseTask,
  sort: sortTask,
  addition: additionTask,
  recall: recallTask,
  dyck: dyckTask,
};
