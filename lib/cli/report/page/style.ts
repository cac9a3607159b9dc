/** The page's own style and script; nothing is loaded from anywhere. */

export const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1a2029;--soft:#596474;--line:#dfe3e9;--accent:#1d5fd0;
--good:#17713a;--good-back:#e2f4e8;--bad:#b3261e;--bad-back:#fdeae8;--calm-back:#eceff3;--mark:#b54708;
--s1:#dbe7fb;--s2:#a5c4f5;--s3:#3f7ddd;--s4:#17408f;--on1:#14233c;--on2:#14233c;--on3:#fff;--on4:#fff}
@media (prefers-color-scheme:dark){:root{--page:#0e1217;--card:#171d25;--ink:#e6eaf0;--soft:#9ba7b6;--line:#2c3541;
--accent:#76a9ff;--good:#6fd394;--good-back:#153322;--bad:#ff8f85;--bad-back:#3f1c1a;--calm-back:#242c37;--mark:#f5a14b;
--s1:#223349;--s2:#2d5590;--s3:#5c95ec;--s4:#b3d0ff;--on1:#e6eaf0;--on2:#fff;--on3:#0b1524;--on4:#0b1524}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI","PingFang SC",
"Microsoft YaHei","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
main{max-width:1104px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:26px;line-height:1.2;margin:0;letter-spacing:-.01em}h2{font-size:18px;margin:0 0 4px}
h3{font-size:15px;margin:20px 0 8px}p{margin:0 0 12px}.soft{color:var(--soft);font-size:13px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;margin-top:20px}
.totals{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:20px 0 0;padding:0}
.totals div{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 18px}
.totals dt{color:var(--soft);font-size:13px}
.totals dd{margin:2px 0 0;font-size:26px;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.totals dd small{display:block;font-size:13px;font-weight:400;color:var(--bad)}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:600;font-size:13px;white-space:nowrap}
th,td{padding:9px 10px;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer}
th button:hover,th button:focus-visible{color:var(--accent)}
th[aria-sort=ascending] button::after{content:" \\2191"}th[aria-sort=descending] button::after{content:" \\2193"}
td code{white-space:nowrap}td small{display:block;color:var(--soft);font-size:13px}td.steps{width:45%}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.badge{display:inline-block;border-radius:999px;padding:1px 10px;font-size:13px;background:var(--calm-back);
white-space:nowrap}
.badge.good{background:var(--good-back);color:var(--good)}.badge.bad{background:var(--bad-back);color:var(--bad)}
.failure{border-left:3px solid var(--bad);padding:2px 0 2px 12px;margin:12px 0}.failure p{margin:2px 0}
.failure strong{color:var(--bad)}
.key{display:flex;flex-wrap:wrap;gap:6px 18px;list-style:none;margin:10px 0 14px;padding:0;font-size:13px;
color:var(--soft)}
.key svg{width:12px;height:12px;vertical-align:-1px;margin-right:6px}
svg{display:block;width:100%;height:auto}.key svg{display:inline-block}
svg text{font:12px system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;fill:var(--soft)}
.narrow{display:none}.axis{stroke:var(--line);stroke-width:1}.flow{fill:var(--accent)}
.retry line{stroke:var(--mark);stroke-width:1.5;stroke-dasharray:4 3}.retry path{fill:var(--mark)}
.s1{fill:var(--s1)}.s2{fill:var(--s2)}.s3{fill:var(--s3)}.s4{fill:var(--s4)}
.tile{stroke:var(--card);stroke-width:.75}.group{fill:none;stroke:var(--card);stroke-width:3}
svg text.on1{fill:var(--on1)}svg text.on2{fill:var(--on2)}svg text.on3{fill:var(--on3)}svg text.on4{fill:var(--on4)}
svg text.name{font-weight:600}svg text.on1,svg text.on2,svg text.on3,svg text.on4{pointer-events:none}
svg.bar{height:10px;margin-top:6px;background:var(--calm-back);border-radius:5px}.bar .done{fill:var(--accent)}
.bar .broken{fill:var(--bad)}
details summary{cursor:pointer;color:var(--accent);font-size:14px;margin-top:12px}details table{margin-top:8px}
details li{font-size:14px;margin:4px 0}
@media (max-width:640px){main{padding:20px 16px 32px}section{padding:16px}h1{font-size:22px}
.totals{grid-template-columns:1fr 1fr}.totals div{padding:10px 14px}.totals dd{font-size:21px}
.wide{display:none}.narrow{display:block}
table,tbody,tr,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:10px 0;border-bottom:1px solid var(--line)}tr:last-child{border-bottom:0}
td{border:0;padding:2px 0;width:auto!important}td.number{text-align:left}
td[data-label]{display:grid;grid-template-columns:92px 1fr;gap:10px}
td[data-label]::before{content:attr(data-label);color:var(--soft);font-size:13px}td.badged{align-items:start}
td.badged .badge{justify-self:start}}
@media print{body{background:#fff}section{break-inside:avoid}}
`;

/** Sorts a table's rows by the column whose header is selected, numbers by `data-value`. */
export const SCRIPT = `
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const head = button.closest("th"), index = head.cellIndex, body = head.closest("table").tBodies[0];
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.cells[index].dataset.value ?? row.cells[index].textContent.trim();
  const order = (a, b) => { const x = key(a), y = key(b), d = x - y; return Number.isNaN(d) ? x.localeCompare(y) : d; };
  body.append(...[...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)));
});
`;
