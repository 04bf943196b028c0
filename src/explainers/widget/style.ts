/**
 * The one style sheet of all widgets. Colours equal src/app/styles/tokens.css (a test holds them equal) but stand here in full,
 * because a widget also lives in pages that lack the tokens.
 */
export const STYLE = `
:host {
  color-scheme: light dark;
  --page: light-dark(#f5f6f7, #0e1114);
  --surface: light-dark(#ffffff, #14181c);
  --raised: light-dark(#eef0f2, #1d2227);
  --text: light-dark(#16191d, #e3e7eb);
  --muted: light-dark(#545c66, #9aa4af);
  --hairline: light-dark(#dde1e5, #262c33);
  --hairline-strong: light-dark(#b4bbc3, #48515b);
  --control: light-dark(#868e98, #6c7681);
  --grid: light-dark(#eceef1, #1f252b);
  --accent: light-dark(#0b5cad, #7cb8f5);
  --on-accent: light-dark(#ffffff, #0b1420);
  --focus: light-dark(#0b5cad, #7cb8f5);
  --ok: light-dark(#1a6e3c, #6cc890);
  --warn: light-dark(#7a4b00, #f2c063);
  --warn-surface: light-dark(#fff1d6, #2d2410);
  --warn-line: light-dark(#e0a83e, #7d5f1e);
  --danger: light-dark(#b3261e, #ff8f86);
  --danger-surface: light-dark(#fdeceb, #2f1816);
  --danger-line: light-dark(#e08a85, #86423d);
  --baseline: light-dark(#767e88, #8b949e);
  --series-1: light-dark(#0072b2, #2a93d1);
  --series-2: light-dark(#d55e00, #d55e00);
  --series-3: light-dark(#009e73, #009e73);
  --series-4: light-dark(#cc79a7, #cc79a7);
  --series-5: light-dark(#e69f00, #e69f00);
  --series-6: light-dark(#56b4e9, #56b4e9);
  --series-7: light-dark(#f0e442, #f0e442);
  display: block; color: var(--text); background: var(--page);
  font: 13px/20px system-ui, sans-serif;
}
:host([theme='light']) { color-scheme: light; }
:host([theme='dark']) { color-scheme: dark; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
.widget { display: grid; gap: 12px; padding: 12px; min-width: 0; grid-template-columns: minmax(0, 1fr); }
h2 { font-size: 16px; line-height: 24px; font-weight: 600; margin: 0; }
h3 { font-size: 13px; font-weight: 600; margin: 0; }
a { color: var(--accent); }
.own { display: grid; gap: 8px; grid-template-columns: minmax(0, 1fr); border: 1px solid var(--hairline-strong); border-radius: 4px; padding: 12px; }
.own-link { justify-self: start; }
.badge { color: var(--warn); background: var(--warn-surface); border: 1px solid var(--warn-line); border-radius: 4px; padding: 0 6px; }
p { margin: 0; max-width: 80ch; }
.lead, .note, .caveat, .readout { color: var(--muted); }
.caveat { border-left: 2px solid var(--warn-line); padding-left: 8px; }
.error { color: var(--danger); background: var(--danger-surface); border: 1px solid var(--danger-line); border-radius: 4px; padding: 8px; }
.num, output { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-variant-numeric: tabular-nums; }
.controls { display: grid; grid-template-columns: repeat(auto-fill, minmax(176px, 1fr)); gap: 8px 16px; }
.control { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; align-items: center; min-width: 0; }
.control label { color: var(--muted); }
.control input { grid-column: 1 / -1; width: 100%; height: 24px; margin: 0; accent-color: var(--accent); }
.control select { grid-column: 1 / -1; width: 100%; }
select, button { font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--control); border-radius: 4px; padding: 3px 8px; min-height: 28px; }
button { cursor: pointer; }
@media (pointer: coarse) { select, button { min-height: 40px; } .control input { height: 40px; } summary { padding: 8px 0; } }
button[aria-pressed='true'], button[aria-selected='true'] { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.buttons { display: flex; flex-wrap: wrap; gap: 4px; }
.groups { display: flex; flex-wrap: wrap; gap: 8px 20px; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.stats { display: flex; flex-wrap: wrap; gap: 1px; margin: 0; border: 1px solid var(--hairline); background: var(--surface); border-radius: 4px; overflow: hidden; }
.stats div { flex: 1 1 150px; outline: 1px solid var(--hairline); padding: 8px; }
.stats dt { color: var(--muted); }
.stats dd { margin: 0; font-size: 16px; line-height: 24px; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 12px; }
.plot { margin: 0; padding: 8px; background: var(--surface); border: 1px solid var(--hairline); border-radius: 4px; min-width: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: 4px; align-content: start; }
figcaption { font-weight: 600; }
.plot-hold { position: relative; min-width: 0; overflow: hidden; }
.plot-hold > svg { display: block; }
.overlay { position: absolute; inset: 0; touch-action: pan-y; }
.legend { display: flex; flex-wrap: wrap; gap: 0 12px; list-style: none; margin: 0; padding: 0; color: var(--muted); }
.legend svg { margin-right: 4px; vertical-align: -1px; }
svg text { fill: var(--muted); font: 11px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
svg .axis { fill: var(--text); }
svg .empty { text-anchor: middle; }
.grid { stroke: var(--grid); } .tick, .frame { stroke: var(--hairline-strong); fill: none; }
.line { fill: none; stroke-width: 1.75; } .dashed { stroke-dasharray: 5 4; } .dotted { stroke-dasharray: 1.75 3; }
.dot { fill: var(--surface); stroke-width: 1.75; } .bar { fill: var(--surface); stroke-width: 1.5; }
.ring { fill: none; stroke: var(--text); }
.handle { cursor: grab; touch-action: none; }
.c0 { stroke: var(--baseline); } .c0.filled { fill: var(--baseline); }
.c1 { stroke: var(--series-1); } .c1.filled { fill: var(--series-1); }
.c2 { stroke: var(--series-2); } .c2.filled { fill: var(--series-2); }
.c3 { stroke: var(--series-3); } .c3.filled { fill: var(--series-3); }
.c4 { stroke: var(--series-4); } .c4.filled { fill: var(--series-4); }
.c5 { stroke: var(--series-5); } .c5.filled { fill: var(--series-5); }
.c6 { stroke: var(--series-6); } .c6.filled { fill: var(--series-6); }
.c7 { stroke: var(--series-7); } .c7.filled { fill: var(--series-7); }
.readout { min-height: 20px; font-size: 11px; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--accent); }
.scroll { overflow: auto; max-height: 260px; }
table { border-collapse: collapse; width: 100%; font-size: 11px; }
th, td { text-align: left; padding: 2px 8px 2px 0; border-bottom: 1px solid var(--hairline); vertical-align: top; }
s { color: var(--muted); }
@media (prefers-reduced-motion: reduce) { * { animation: none; transition: none; } }
`;
