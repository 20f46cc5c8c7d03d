/** The style of the page: any width from 375 px, light and dark, on a screen and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d7dce3; --ground: #fff; --panel: #f5f7fa;
  --c0: #0b5fd0; --c1: #0a8f6a; --c2: #b4471d; --c3: #7a45b5; --c4: #8a6d00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a0abba; --line: #39424f; --ground: #12161c; --panel: #1a2028;
  --c0: #6fa8ff; --c1: #4fd0a7; --c2: #ff9a6b; --c3: #c39bff; --c4: #e0c04a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 72rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0 0 0.25rem; }
p { max-width: 46rem; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
td.text { text-align: left; white-space: normal; min-width: 11rem; }
thead th { color: var(--soft); font-weight: 600; }
.figures li { margin: 0.35rem 0; }
.figures { padding-left: 1.1rem; }
.missed { font-weight: 700; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 1rem; }
figure { margin: 0; padding: 0.75rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; break-inside: avoid; }
figure svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font: 10px system-ui, sans-serif; }
.grid { stroke: var(--line); fill: none; }
.range { stroke-width: 1.5; fill: none; opacity: 0.55; }
.form { stroke-width: 1.5; fill: var(--panel); }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); }
path.ink1, line.ink1 { fill: none; stroke: var(--c0); stroke-width: 2; }
.form.c0 { fill: var(--c0); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; position: sticky; top: 0; background: var(--ground); padding: 0.4rem 0; margin: 0; }
.key { display: inline-flex; align-items: center; gap: 0.35rem; } .key svg { width: 16px; height: 16px; }
@media print { .legend { position: static; } body { max-width: none; } }
`;
