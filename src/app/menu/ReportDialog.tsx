/** What came of loading a text: every line without effect with its reason, and what the text leaves new. */
import type { ReactNode } from 'react';
import { useMenu } from '../context';
import type { Report, ReportLine } from '../stores/menu/model';
import { JumpButton } from './JumpButton';
import { MenuDialog } from './MenuDialog';
import { promptOf, shownValue } from './words';

export function ReportDialog({ report }: { readonly report: Report }): ReactNode {
  const config = useMenu((menu) => menu.version.config);
  const ignored = report.lines.filter((line) => line.ignored);
  const noted = report.lines.filter((line) => !line.ignored);
  return (
    <MenuDialog title={report.title} size="wide">
      <p>
        {report.assigned} {report.assigned === 1 ? 'assignment' : 'assignments'} taken; {ignored.length}{' '}
        {ignored.length === 1 ? 'line' : 'lines'} without effect.
      </p>
      <Lines title="Without effect" lines={ignored} />
      <Lines title="Taken, with a remark" lines={noted} />
      {report.added.length > 0 && (
        <>
          <h3>New: not in the file, so at their defaults</h3>
          <ul className="info-list">
            {report.added.map((sym) => (
              <li key={sym.name}>
                <JumpButton item={sym} text={`${sym.name} = ${shownValue(config.value(sym))}`} /> {promptOf(sym)}
              </li>
            ))}
          </ul>
        </>
      )}
    </MenuDialog>
  );
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly ReportLine[] }): ReactNode {
  if (lines.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ol className="report">
        {lines.map(({ line, text, message }, i) => (
          <li key={i}>
            <span className="num muted">{line}</span>
            <span>
              <code>{text}</code>
              <span className="report-why">{message}</span>
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
