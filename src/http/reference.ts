import type { Endpoint } from './endpoint.js';
import { ACCESS, anchorOf, methodBadge, renderEndpoint, shortPath, slug } from './reference-endpoint.js';
import { GUIDE } from './reference-guide.js';
import { Markup, markup, prose, table } from './reference-markup.js';
import { REFERENCE_STYLE } from './reference-style.js';

export interface ReferenceOptions {
  readonly title: string;
  readonly version: string;
}

interface Resource {
  readonly id: string;
  readonly title: string;
  readonly endpoints: readonly Endpoint[];
}

/**
 * The API reference: one page that loads nothing, runs nothing and has a single `<style>`, so that its hash is the
 * only exception in the content security policy.
 */
export function renderReference(
  endpoints: readonly Endpoint[],
  { title, version }: ReferenceOptions,
): string {
  const resources = groupByResource(endpoints);
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} ${version}</title>
<style>${new Markup(REFERENCE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${title}</h1>
<p class="version">Version ${version}</p>
</header>
<div class="page">
${contents(resources)}<main id="content" tabindex="-1">
${guide()}${overview(endpoints)}${resources.map(renderResource)}</main>
</div>
<footer><p>${title} ${version}. Made from the endpoint table of the daemon that sent this page.</p></footer>
<a class="back" href="#contents">Contents</a>
</body>
</html>
`.html;
}

/** Resources in the order in which the table first names them; pages outside the API come last. */
function groupByResource(endpoints: readonly Endpoint[]): readonly Resource[] {
  const names = [...new Set(endpoints.filter(isApi).map(({ name }) => name))];
  const resources = names.map((name) => ({
    id: `resource-${slug(name)}`,
    title: name,
    endpoints: endpoints.filter((endpoint) => isApi(endpoint) && endpoint.name === name),
  }));
  const pages = endpoints.filter((endpoint) => !isApi(endpoint));
  return pages.length === 0 ? resources : [...resources, { id: 'pages', title: 'Pages', endpoints: pages }];
}

function isApi({ path }: Endpoint): boolean {
  return path.startsWith('/api/');
}

function contents(resources: readonly Resource[]): Markup {
  return markup`<nav id="contents" aria-label="Contents" tabindex="-1">
<ul class="topics">
${GUIDE.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>\n`)}<li><a
href="#overview">All endpoints</a></li>
</ul>
<ul class="resources">
${resources.map(
  ({ id, title, endpoints }) => markup`<li><a class="resource" href="#${id}">${title}</a>
<ul>${endpoints.map(contentsEntry)}</ul></li>
`,
)}</ul>
</nav>
`;
}

function contentsEntry(endpoint: Endpoint): Markup {
  return markup`<li><a href="#${anchorOf(endpoint)}">${methodBadge(endpoint)} ${shortPath(endpoint.path)}</a></li>`;
}

function guide(): readonly Markup[] {
  return GUIDE.map(
    ({ id, title, body }) => markup`<section class="guide" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}</section>
`,
  );
}

function overview(endpoints: readonly Endpoint[]): Markup {
  return markup`<section class="guide" id="overview" aria-labelledby="overview-title">
<h2 id="overview-title">All endpoints</h2>
${table({
  caption: 'What there is and who may call it',
  className: 'overview',
  columns: ['Endpoint', 'Summary', 'Authentication'],
  rows: endpoints.map((endpoint) => [
    markup`<a href="#${anchorOf(endpoint)}">${methodBadge(endpoint)} <code>${shortPath(endpoint.path)}</code></a>`,
    prose(endpoint.summary),
    ACCESS[endpoint.auth],
  ]),
})}</section>
`;
}

function renderResource({ id, title, endpoints }: Resource): Markup {
  return markup`<section class="resource" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${endpoints.map(renderEndpoint)}</section>
`;
}
