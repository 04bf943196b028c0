/** Labelled inputs that show their value and unit. */
import { useId, type ReactNode } from 'react';

export function Slider(props: {
  readonly label: string;
  readonly unit?: string;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly value: number;
  readonly show?: (v: number) => string;
  readonly onChange: (v: number) => void;
}): ReactNode {
  const id = useId();
  const text = props.show
    ? props.show(props.value)
    : `${props.value.toLocaleString('en-US')}${props.unit ? ` ${props.unit}` : ''}`;
  return (
    <div className="control">
      <label htmlFor={id}>{props.label}</label>
      <output htmlFor={id} className="num">
        {text}
      </output>
      <input
        id={id}
        type="range"
        min={props.min}
        max={props.max}
        step={props.step ?? 1}
        value={props.value}
        aria-valuetext={text}
        onChange={(e) => props.onChange(Number(e.target.value))}
      />
    </div>
  );
}

/** Batches and other counts whose small values matter as much as their large ones. */
export const DOUBLINGS: readonly number[] = Array.from(
  { length: 21 },
  (_, i) => 2 ** (i >> 1) * (i % 2 ? 1.5 : 1),
).filter(Number.isInteger);

export const upTo = (max: number): readonly number[] => DOUBLINGS.filter((v) => v <= max);

/** Parts of a widget, one shown at a time. `parts` has what each button says. */
export function Parts<T extends string>(props: {
  readonly label: string;
  readonly parts: Readonly<Record<T, string>>;
  readonly value: string;
  readonly onChange: (part: T) => void;
}): ReactNode {
  return (
    <div className="buttons" role="group" aria-label={props.label}>
      {(Object.keys(props.parts) as T[]).map((part) => (
        <button type="button" key={part} aria-pressed={part === props.value} onClick={() => props.onChange(part)}>
          {props.parts[part]}
        </button>
      ))}
    </div>
  );
}

export const sequences = (n: number): string => (n === 1 ? '1 sequence' : `${n.toLocaleString('en-US')} sequences`);

/** A slider over the entries of a list, for powers of two and presets. */
export function Stops(props: {
  readonly label: string;
  readonly stops: readonly number[];
  readonly value: number;
  readonly show: (v: number) => string;
  readonly onChange: (v: number) => void;
}): ReactNode {
  const at = Math.max(
    0,
    props.stops.findLastIndex((s) => s <= props.value),
  );
  return (
    <Slider
      label={props.label}
      min={0}
      max={props.stops.length - 1}
      value={at}
      show={() => props.show(props.value)}
      onChange={(i) => props.onChange(props.stops[i])}
    />
  );
}

export function Select(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly show?: (option: string) => string;
  readonly onChange: (v: string) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="control">
      <label htmlFor={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(e) => props.onChange(e.target.value)}>
        {props.options.map((o) => (
          <option key={o} value={o}>
            {props.show ? props.show(o) : o}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Stats({ items }: { readonly items: readonly (readonly [name: string, value: string])[] }): ReactNode {
  return (
    <dl className="stats">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
