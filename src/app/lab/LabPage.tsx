/** The Lab: menu, the live run, the machine. On a phone one of the three at a time. */
import type { CSSProperties, ReactNode } from 'react';
import { useUi, useWorkbench } from '../context';
import { Panel } from '../shell/Panel';
import type { Tab } from '../stores/ui';
import { Notices } from './Notices';
import { PlotGrid } from './PlotGrid';
import { SamplePanel } from './SamplePanel';
import { machineSections, menuSections } from './sections';
import { Sentences } from './Sentences';

const TABS: readonly (readonly [Tab, string])[] = [
  ['menu', 'Menu'],
  ['plots', 'Plots'],
  ['machine', 'Machine'],
];

export function LabPage(): ReactNode {
  const { ui } = useWorkbench();
  const tab = useUi((s) => s.tab);
  const widths = useUi((s) => s.widths);
  const collapsed = useUi((s) => s.collapsed);
  const style = { '--left': `${widths.left}px`, '--right': `${widths.right}px` } as CSSProperties;
  return (
    <div
      className="lab"
      style={style}
      data-tab={tab}
      data-left={collapsed.left ? 'folded' : 'open'}
      data-right={collapsed.right ? 'folded' : 'open'}
    >
      <div className="tabs" role="group" aria-label="Panels">
        {TABS.map(([id, title]) => (
          <button key={id} type="button" aria-pressed={tab === id} onClick={() => ui.setState({ tab: id })}>
            {title}
          </button>
        ))}
      </div>
      <Panel side="left" title="Menu">
        {menuSections.map(({ id, component: Section }) => (
          <Section key={id} />
        ))}
      </Panel>
      <div className="lab-run">
        <Notices />
        <PlotGrid />
        <div className="lab-strip">
          <Sentences />
          <SamplePanel />
        </div>
      </div>
      <Panel side="right" title="Machine">
        {machineSections.map(({ id, component: Section }) => (
          <Section key={id} />
        ))}
      </Panel>
    </div>
  );
}
