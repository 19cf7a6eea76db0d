/** The colours are those of the aggregator's interface (ui/style/tokens.css). */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --line: #dde4e9; --text: #17212b; --quiet: #55626f;
  --accent: #0a6b62; --second: #7a4fc0; --good: #1a7444; --bad: #b3261e; --bad-soft: #fce9e7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10161d; --line: #26303a; --text: #dfe7ee; --quiet: #95a4b2;
    --accent: #3fc9b4; --second: #b79bf2; --good: #5cc98c; --bad: #ff8b80; --bad-soft: #3b1a18;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 16px; max-width: 1120px; background: var(--page); color: var(--text);
  font: 14px/20px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1 { font-size: 20px; line-height: 28px; margin: 0; }
h2 { font-size: 14px; margin: 24px 0 8px; }
p { margin: 0; }
a { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); }
.good { color: var(--good); }
.bad { color: var(--bad); }
header { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; }
header .quiet { margin-left: auto; }
.state { margin: 8px 0 16px; padding: 8px 12px; border-radius: 6px; border: 1px solid var(--line); }
.state.bad { background: var(--bad-soft); border-color: transparent; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 16px 24px; }
figure { margin: 0; min-width: 0; display: flex; flex-direction: column; justify-content: flex-end; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 12px; font-size: 13px; }
figcaption span { margin-left: auto; }
svg { display: block; width: 100%; height: 64px; border-bottom: 1px solid var(--line); overflow: visible; }
polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.second { stroke: var(--second); }
b.first { color: var(--accent); }
b.other { color: var(--second); }
b { font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; font-weight: 400; color: var(--quiet); }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; white-space: nowrap; padding-right: 24px; }
td { overflow-wrap: break-word; }
td:last-child { overflow-wrap: anywhere; }
ol { margin: 0; padding: 0; list-style: none; font: 12px/18px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
li { padding: 2px 0; }
@media (max-width: 600px) {
  body { padding: 12px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
  header .quiet { margin-left: 0; }
  th, td, .number { padding-right: 8px; }
  .list thead { position: absolute; clip-path: inset(50%); }
  .list tr { display: flex; flex-wrap: wrap; gap: 0 12px; padding: 4px 0; border-bottom: 1px solid var(--line); }
  .list td { border: 0; padding: 0; min-width: 0; overflow-wrap: anywhere; }
  .list td:last-child { flex-basis: 100%; }
}
`;
