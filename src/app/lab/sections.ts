/** What stands in the Lab's side panels, top to bottom. A new section is one more entry. */
import type { ComponentType } from 'react';
import { AdapterSection } from './AdapterSection';
import { AttentionSection } from './attention/AttentionSection';
import { CacheSection } from './attention/CacheSection';
import { DataSection } from './DataSection';
import { LogSection } from './LogSection';
import { MatrixSection } from './matrix/MatrixSection';
import { MemorySection } from './MemorySection';
import { CostSection } from '../menu/CostSection';
import { PresetSection } from '../menu/PresetSection';
import { MenuSection } from '../menu/MenuSection';
import { OptimizerSection } from './optimizer/OptimizerSection';
import { OneShotSection } from './pruning/OneShotSection';
import { PruningSection } from './pruning/PruningSection';
import { StepSection } from './StepSection';
import { TimelineSection } from './timeline/TimelineSection';

export interface Section {
  readonly id: string;
  readonly component: ComponentType;
}

export const menuSections: readonly Section[] = [
  { id: 'preset', component: PresetSection },
  { id: 'matrix', component: MatrixSection },
  { id: 'cost', component: CostSection },
  { id: 'menu', component: MenuSection },
  { id: 'data', component: DataSection },
];

export const machineSections: readonly Section[] = [
  { id: 'adapter', component: AdapterSection },
  { id: 'memory', component: MemorySection },
  { id: 'cache', component: CacheSection },
  { id: 'attention', component: AttentionSection },
  { id: 'optimizer', component: OptimizerSection },
  { id: 'pruning', component: PruningSection },
  { id: 'one-shot', component: OneShotSection },
  { id: 'step', component: StepSection },
  { id: 'timeline', component: TimelineSection },
  { id: 'log', component: LogSection },
];
