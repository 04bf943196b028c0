/** A few named quantities as bars from zero, the axis title above them. */
import type { ReactNode } from 'react';

export interface BarsProps {
  readonly label: string;
  /** Heading of the names. */
  readonly first?: string;
  /** Quantity and unit. */
  readonly axis: string;
  readonly rows: readonly { readonly name: string; readonly value: number; readonly text: string }[];
}

export function Bars({ label, first = 'Stored as', axis, rows }: BarsProps): ReactNode {
  const largest = Math.max(...rows.map((r) => Math.abs(r.value)), 1e-300);
  return (
    <div className="decode-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="decode-bars">
        <thead>
          <tr>
            <th scope="col">{first}</th>
            <th scope="col">{axis} →</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, value, text }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <span
                  className="decode-bar"
                  data-negative={value < 0 || undefined}
                  style={{ width: `${(100 * Math.abs(value)) / largest}%` }}
                  aria-hidden="true"
                />
                <span className="num">{text}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
