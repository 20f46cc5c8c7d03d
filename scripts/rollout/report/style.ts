/** The report's style sheet: light and dark, for screens, phones and paper. No information is in colour alone. */
export const STYLE = `
:root{color-scheme:light dark;--text:#1c2024;--soft:#5b6470;--line:#d9dee4;--page:#fff;--panel:#f6f8fa;--one:#1f5fbf;--two:#8a4b08;--bad:#b3261e;--good:#1a6b3c}
@media (prefers-color-scheme:dark){:root{--text:#e6e9ed;--soft:#a3adb8;--line:#3a424b;--page:#14171a;--panel:#1d2227;--one:#7fb0ff;--two:#e0a458;--bad:#ff8a80;--good:#7fd19b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:24px 20px 48px;font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--page);overflow-wrap:anywhere}
h1{font-size:1.8rem;line-height:1.2;margin:.2em 0 0}
h2{font-size:1.15rem;margin:2.2em 0 .6em;border-bottom:1px solid var(--line);padding-bottom:.25em}
.versions{font-size:1.1rem;margin:.1em 0 .8em;color:var(--soft)}
.outcome{display:inline-block;margin:0;padding:.15em .7em;border:2px solid currentColor;border-radius:4px;font-weight:700}
.promoted{color:var(--good)}.rolled-back,.held{color:var(--bad)}
dl{margin:0}dl div{display:grid;grid-template-columns:8em 1fr;gap:12px;padding:.15em 0}dt{color:var(--soft)}dd{margin:0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4em .8em .4em 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:500;overflow-wrap:normal}.id{display:block;font-family:ui-monospace,monospace;font-size:.85em}th small{display:block;color:var(--soft);font-weight:400}
td{font-variant-numeric:tabular-nums}.time{white-space:nowrap}td[data-name=what],td[data-name=by]{overflow-wrap:normal}
.note{color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:20px}
figure{margin:0;padding:12px;background:var(--panel);border:1px solid var(--line);border-radius:6px;break-inside:avoid}
figcaption{font-size:.9rem;color:var(--soft);margin-bottom:6px}figcaption strong{display:block;color:var(--text);font-size:1rem}
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg .strong{fill:var(--bad);font-weight:600;paint-order:stroke;stroke:var(--panel);stroke-width:3px}
svg path,svg line{fill:none;stroke-width:2}
svg .grid{stroke:var(--line);stroke-width:1}
svg .threshold{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:10 3 2 3}
svg .threshold.good{stroke:var(--good)}svg .strong.good{fill:var(--good)}
svg .mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:1 3}svg .mark-label{font-size:10px}
svg .dot{stroke-width:1.5}svg .dot.ink1{fill:var(--one)}svg .dot.ink2{fill:var(--page)}
.ink1{stroke:var(--one)}.ink2{stroke:var(--two)}.ink3{stroke:var(--bad)}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:12px;white-space:pre-wrap;line-height:1.35}
pre .in{color:var(--good);font-weight:600}pre .out{color:var(--bad);font-weight:600}
footer{margin-top:3em;color:var(--soft);font-size:.9rem}
@media (max-width:640px){
body{padding:16px 14px 32px}dl div{grid-template-columns:6em 1fr}
.cards thead{display:none}.cards tr{display:block;padding:.5em 0;border-bottom:1px solid var(--line)}
.cards td,.cards th{display:block;border:0;padding:.05em 0}
.cards td::before{content:attr(data-name) " ";color:var(--soft)}
}
@media print{
:root{--text:#000;--soft:#333;--line:#999;--page:#fff;--panel:#fff;--one:#000;--two:#000;--bad:#000;--good:#000}
body{max-width:none;padding:0;font-size:11pt}section,tr{break-inside:avoid}h2{break-after:avoid}
.charts{grid-template-columns:1fr 1fr}
}
`;
