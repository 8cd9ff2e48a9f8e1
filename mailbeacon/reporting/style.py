"""The style sheet of the page: light, dark, narrow and print. It names no outside file."""

from __future__ import annotations

__all__ = ["MAP_STYLE", "STYLE"]

STYLE = """
:root{color-scheme:light dark;--ground:#fff;--ink:#1b1f24;--soft:#57606a;--line:#c4cad1;--panel:#f5f7f9;
    --people:#1f5fa8;--unknown:#b06a00;--machines:#6e7781;--accent:#1f5fa8}
@media (prefers-color-scheme:dark){
  :root{--ground:#14171b;--ink:#e8eaed;--soft:#a9b1ba;--line:#454c55;--panel:#1d2126;--people:#6fb1ff;
    --unknown:#f0b351;--machines:#98a1ab;--accent:#8cc1ff}
}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:64rem;background:var(--ground);color:var(--ink);
    font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
p{margin:.25rem 0 .75rem;max-width:46rem}
.soft,figcaption,dd{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1.25rem 0;
    padding:0;list-style:none}
.cards li{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem}
.cards b{display:block;font-size:1.5rem;line-height:1.3;font-variant-numeric:tabular-nums}
.cards small{display:block;color:var(--soft);font-size:.8125rem;line-height:1.4}
.doubt{border-left:4px solid var(--unknown);padding:.5rem .75rem;background:var(--panel)}
figure{margin:.75rem 0 1rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font-size:12px;font-family:inherit}
.grid{stroke:var(--line);stroke-width:1}
.people{fill:var(--people)}
.unknown{fill:var(--unknown)}
.machines{fill:var(--machines)}
.slot{fill:transparent}
.slot:hover{fill:var(--ink);fill-opacity:.12}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:.25rem 0;padding:0;font-size:.875rem}
.legend li::before{content:"";display:inline-block;width:.75em;height:.75em;margin-right:.4em;border-radius:2px;
    background:var(--mark);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.legend .is-people{--mark:var(--people)}
.legend .is-unknown{--mark:var(--unknown)}
.legend .is-machines{--mark:var(--machines)}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding:.25rem 0}
th,td{padding:.35rem .5rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;padding-left:0;overflow-wrap:anywhere}
tbody th:first-child{min-width:6rem}
thead th{font-weight:600;white-space:nowrap}
tbody th{font-weight:400}
.url{display:block;color:var(--soft);font-size:.8125rem;overflow-wrap:anywhere}
table.links{table-layout:fixed}
table.links th:first-child{width:52%}
.wide-only{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.track{display:flex;height:.5rem;margin-top:.3rem;background:var(--panel);border:1px solid var(--line);
    border-radius:.25rem;overflow:hidden;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.track i{display:block;background:var(--people)}
.track i+i{background:var(--unknown)}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--accent)}
summary:focus-visible,.map:focus-visible,.wide:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.wide{overflow-x:auto}
.map{contain:layout paint;overflow-x:auto;max-width:100%;border:1px solid var(--line);border-radius:.5rem;background:#fff;
    color:#000;color-scheme:light}
.logo{max-height:4rem;max-width:16rem;margin-bottom:.75rem}
.trend{fill:none;stroke-width:2}
.trend.people{stroke:var(--people)}
.trend.unknown{stroke:var(--unknown)}
.heat{font-size:.75rem;min-width:38rem}
.heat th:first-child{white-space:nowrap;min-width:0;padding-right:.5rem}
.heat th,.heat td{padding:.2rem .15rem;text-align:center}
.heat-1{background:color-mix(in srgb,var(--people) 8%,transparent)}
.heat-2{background:color-mix(in srgb,var(--people) 16%,transparent)}
.heat-3{background:color-mix(in srgb,var(--people) 24%,transparent)}
.heat-4{background:color-mix(in srgb,var(--people) 34%,transparent)}
.heat-5{background:color-mix(in srgb,var(--people) 44%,transparent)}
dt{font-weight:600;margin-top:.5rem}
dd{margin:0;max-width:46rem}
@media (max-width:36rem){
  body{padding:1rem .75rem 3rem}
  svg text{font-size:22px}
  thead th{white-space:normal}
  .minor,.wide-only,.links th:nth-child(n+4),.links td:nth-child(n+4){display:none}
  th,td{padding:.35rem .25rem}
  table{font-size:.875rem}
}
@media print{
  :root{--ground:#fff;--ink:#000;--soft:#333;--line:#999;--panel:#fff;--people:#1f5fa8;--unknown:#b06a00;
    --machines:#6e7781;--accent:#000}
  body{max-width:none;padding:0;font-size:11pt}
  h2{break-after:avoid}
  figure,.cards li,tr{break-inside:avoid}
  .heat{min-width:0}
  .map,.wide{overflow:visible;contain:layout;border-width:0}
  [class^=heat-]{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
"""

MAP_STYLE = """
:host{font:16px/1.4 Arial,Helvetica,sans-serif}
a{color:#0b57d0;text-decoration:underline}
img{outline:1px dashed #8a9199;outline-offset:-1px;max-width:100%}
a.mb-link{outline:2px solid rgba(31,95,168,var(--mb));outline-offset:1px;
    box-shadow:inset 0 0 0 99px rgba(31,95,168,calc(var(--mb)*.25))}
.mb-share{display:inline-block;margin:0 3px 0 0;padding:0 5px;border-radius:8px;vertical-align:middle;
    font:bold 11px/16px system-ui,sans-serif;letter-spacing:0;text-transform:none;text-decoration:none;
    white-space:nowrap;background:#0b2e59;color:#fff;border:1px solid #fff;print-color-adjust:exact;
    -webkit-print-color-adjust:exact}
.mb-share.mb-none{background:#fff;color:#3b434c;border-color:#8a9199}
"""
