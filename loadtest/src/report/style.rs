//! How the page looks, in light and dark.

/// The page's style sheet.
pub(super) const STYLE: &str = "
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5b6675;--line:#dfe4ea;--band:#eef2f7;--good:#157347;--bad:#b42318;
--c0:#2563eb;--c1:#d9480f;--c2:#2b8a3e;--c3:#9c36b5;--c4:#0c8599;--c5:#b08900}
@media (prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--soft:#9aa6b5;--line:#2c3440;--band:#1d2430;--good:#4cc38a;
--bad:#ff8177;--c0:#7aa7ff;--c1:#ff9a6b;--c2:#6fd08c;--c3:#d796f5;--c4:#5cc8da;--c5:#e2c15a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}h3{font-size:1rem;margin:1.4rem 0 .2rem}
p.soft{color:var(--soft);margin:.2rem 0}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:500}td.n,th.n{text-align:right;white-space:nowrap}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.2rem 0;padding:0;color:var(--soft);font-size:13px}
ul.legend i{display:inline-block;width:1.1rem;height:3px;border-radius:2px;margin-right:.4rem;vertical-align:middle}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:12px system-ui,sans-serif}
.grid{fill:none;stroke:var(--line)}.axis{fill:none;stroke:var(--soft)}.band{fill:var(--band)}
.k{fill:none;stroke-width:1.8;stroke-linejoin:round}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}.s5{stroke:var(--c5)}
.b0{background:var(--c0)}.b1{background:var(--c1)}.b2{background:var(--c2)}.b3{background:var(--c3)}.b4{background:var(--c4)}.b5{background:var(--c5)}
";
