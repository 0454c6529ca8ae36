"""The style sheet of a report: one column on a phone, wider on a screen, light on paper."""

__all__ = ["LAYOUT"]

LAYOUT = """
body { max-width: 62em; overflow-wrap: break-word; }
h1 { font-size: 1.6em; line-height: 1.25; margin: .5em 0 .2em; }
h2 { font-size: 1.25em; margin: 0 0 .4em; }
h3 { font-size: 1em; margin: 1.2em 0 .3em; }
nav { display: flex; flex-wrap: wrap; gap: .2em 1.1em; margin: .8em 0; }
a { color: inherit; text-underline-offset: .2em; }
section { border-top: 1px solid rgba(128, 128, 128, .4); padding: 1.2em 0; }
figure { margin: 0; }
figcaption { opacity: .75; font-size: .9em; margin-top: .3em; }
.figures { display: flex; flex-wrap: wrap; gap: 1.2em; align-items: flex-start; }
.figures > figure { flex: 0 1 auto; min-width: 0; max-width: 100%; }
.figures figcaption { max-width: 28em; }
.paper { background: #fff; border-radius: .4em; padding: .4em; box-sizing: border-box; max-width: 100%; }
.paper { display: inline-block; }
.paper img { display: block; max-width: 100%; height: auto; }
.scroll td.number, .scroll thead th, .costly th { white-space: nowrap; }
.more div { max-width: calc(100vw - 2.4em); }
.deltarule thead th { opacity: 1; font-weight: bold; border-bottom: 1px solid rgba(128, 128, 128, .4); }
.deltarule tbody tr + tr > * { border-top: 1px solid rgba(128, 128, 128, .15); }
.deltarule tbody tr.more > * { border-top: 0; padding-bottom: .6em; font-size: .9em; }
.deltarule .number { text-align: right; }
.more span { display: inline-block; margin-right: 1em; }
.more i { opacity: .7; }
.changed > * { font-weight: bold; opacity: 1; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: rgba(128, 128, 128, .13); padding: .6em; }
pre { border-radius: .3em; }
@media (max-width: 40em) {
  body { padding: .7em; }
  .figures > figure { flex-basis: 100%; }
}
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; background: #fff; color: #000; }
  nav { display: none; }
  .paper { padding: 0; }
  .paper img { max-height: 11cm; width: auto; }
  h2, h3, thead { break-after: avoid; }
  figure, tr, pre, .line, .paper { break-inside: avoid; }
  .deltarule .equation { break-after: avoid; }
  tr:has(+ tr.more) { break-after: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  .scroll td, .scroll th { white-space: normal; overflow-wrap: break-word; }
  .more div { max-width: none; }
  .figures > figure { max-width: 48%; }
  .figures > figure:only-child { max-width: 100%; }
}
""".strip()
