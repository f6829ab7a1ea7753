/** Colours meet WCAG AA in both schemes; paper is always light. */
export const REFERENCE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2330; --soft: #566074; --line: #dce1e9; --panel: #f5f7fa; --link: #0b57b8;
  --get: #0a6243; --get-panel: #dff3e9; --post: #8a3a00; --post-panel: #fdeada;
  --note: #7a4b00; --note-panel: #fff6e0;
  --key: #0b57b8; --string: #0a6243; --literal: #8a3a00;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --ink: #e4e8ef; --soft: #a0aabb; --line: #2c3441; --panel: #1a2029; --link: #83b7ff;
    --get: #7fdcb2; --get-panel: #15352a; --post: #ffb681; --post-panel: #402612;
    --note: #f2cb7d; --note-panel: #2e2614;
    --key: #9cc5ff; --string: #8fdcb9; --literal: #ffb681;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.75rem; letter-spacing: -0.015em; }
h2 { margin: 0 0 1rem; font-size: 1.4rem; letter-spacing: -0.01em; }
h3 { margin: 0 0 0.5rem; font-size: 1.0625rem; font-weight: 600; }
p { margin: 0 0 1rem; max-width: 70ch; text-wrap: pretty; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 0.2em; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
main:focus, nav:focus { outline: none; }
code { font-family: var(--mono); font-size: 0.875em; }
p > code, td > code, figcaption > code { display: inline-block; max-width: 100%; padding: 0 0.3em; background: var(--panel);
  border-radius: 4px; line-height: 1.5; }

header { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; align-items: baseline; padding: 1.75rem 1.25rem 1.25rem;
  border-bottom: 1px solid var(--line); }
header p { margin: 0; }
.version { color: var(--soft); font-variant-numeric: tabular-nums; }
main { min-width: 0; padding: 2rem 1.25rem 0; }
footer { padding: 1.5rem 1.25rem 4rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.875rem; }
footer p { margin: 0; }
.skip { position: absolute; left: -100vw; padding: 0.5rem 1rem; background: var(--paper); }
.skip:focus { left: 0.5rem; top: 0.5rem; z-index: 1; }
.back { position: fixed; right: 1rem; bottom: 1rem; padding: 0.45rem 0.9rem; background: var(--ink); color: var(--paper);
  border-radius: 2rem; font-size: 0.875rem; text-decoration: none; }

nav { padding: 1.25rem; border-bottom: 1px solid var(--line); font-size: 0.9375rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav .topics { margin-bottom: 1rem; }
nav .resources { columns: 10rem; column-gap: 1.25rem; }
nav .resources > li { break-inside: avoid; margin-bottom: 0.75rem; }
nav a { display: block; padding: 0.2rem 0.5rem; margin: 0 -0.5rem; border-radius: 5px; color: inherit; text-decoration: none;
  overflow-wrap: anywhere; }
nav a:hover { background: var(--panel); color: var(--link); }
nav a.resource { font-weight: 600; }
nav ul ul a { color: var(--soft); font-family: var(--mono); font-size: 0.8125rem; }

.method { display: inline-block; min-width: 3.4em; padding: 0.1em 0.5em; border-radius: 4px; text-align: center;
  font: 700 0.75rem/1.6 var(--mono); letter-spacing: 0.03em; }
nav .method { min-width: 3.1em; padding: 0 0.25em; margin-right: 0.25em; font-size: 0.625rem; line-height: 1.7; }
.method.get { background: var(--get-panel); color: var(--get); }
.method.post { background: var(--post-panel); color: var(--post); }

.guide, .resource:not(a) { padding-bottom: 2rem; }
.resource:not(a) { padding-top: 2rem; border-top: 1px solid var(--line); }
.endpoint { padding: 1.25rem 0; scroll-margin-top: -1rem; }
.endpoint + .endpoint { border-top: 1px dashed var(--line); }
.endpoint:target h3 { box-shadow: -0.75rem 0 0 var(--paper), -1rem 0 0 var(--link); }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover .path { text-decoration: underline; }
h3 .method { margin-right: 0.35em; vertical-align: 0.05em; }
.path { font-size: 1rem; font-weight: 600; }
.prefix { color: var(--soft); font-weight: 400; }
.summary { font-size: 1.0625rem; }
.access strong { margin-right: 0.4em; }
.note { padding: 0.75rem 1rem; border-left: 4px solid var(--note); border-radius: 0 6px 6px 0; background: var(--note-panel); }
.note code { padding: 0; background: none; }

figure { margin: 0 0 1.25rem; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
figcaption { padding: 0.4rem 0.875rem; border-bottom: 1px solid var(--line); color: var(--soft); font-size: 0.8125rem;
  font-weight: 600; }
.status { color: var(--get); margin-left: 0.5em; font-variant-numeric: tabular-nums; }
.type { margin-left: 0.5em; font-family: var(--mono); font-weight: 400; font-size: 0.75rem; }
pre { margin: 0; padding: 0.75rem 0.875rem; background: var(--panel); white-space: pre-wrap; overflow-wrap: anywhere;
  font: 0.8125rem/1.6 var(--mono); tab-size: 2; }
pre code { font: inherit; }
.unit { display: inline-block; max-width: 100%; }
.key { color: var(--key); } .string { color: var(--string); } .literal { color: var(--literal); }

table { width: 100%; margin: 0 0 1.25rem; border-collapse: collapse; font-size: 0.9375rem; line-height: 1.5; }
caption { padding-bottom: 0.35rem; text-align: left; font-weight: 600; }
th, td { padding: 0.45rem 0.75rem 0.45rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-size: 0.8125rem; font-weight: 600; }
tbody th { font-weight: 600; }
th code { font-size: 0.9375em; }
td { overflow-wrap: anywhere; }
.statuses th:first-child { width: 11rem; font-variant-numeric: tabular-nums; }
.fields th:last-child { width: 55%; }
.overview th a { text-decoration: none; font-weight: 400; }
.overview th a:hover code { text-decoration: underline; }
.overview tbody th { white-space: nowrap; }

@media (max-width: 39.99rem) {
  table { font-size: 0.875rem; }
  .statuses th:first-child { width: 7rem; }
  .fields th:last-child { width: auto; }
  .overview th:last-child, .overview td:last-child { display: none; }
  .overview tbody th { white-space: normal; width: 42%; }
}
@media screen and (min-width: 64rem) {
  header, footer { padding-left: 2.5rem; padding-right: 2.5rem; }
  .page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; align-self: start; padding: 2rem 1.5rem 2rem 2.5rem;
    border: 0; scroll-target-group: auto; }
  nav .resources { columns: auto; }
  nav a:target-current { color: var(--link); background: var(--panel); }
  main { max-width: 56rem; padding: 2rem 2.5rem 0 2rem; border-left: 1px solid var(--line); }
  .back { display: none; }
}
@media screen and (min-width: 92rem) {
  main { max-width: 88rem; }
  .guide { max-width: 56rem; }
  .endpoint { display: grid; grid-template: "about example" auto "errors example" 1fr / minmax(0, 1fr) minmax(0, 1fr);
    column-gap: 3rem; }
  .about { grid-area: about; } .example { grid-area: example; } .errors { grid-area: errors; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  html { font-size: 9.5pt; }
  nav, .skip, .back { display: none; }
  header, main, footer { padding-left: 0; padding-right: 0; }
  h2, h3, caption, figcaption { break-after: avoid; }
  tr, figure, .note { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
  .method { border: 1px solid currentColor; }
}
`;
