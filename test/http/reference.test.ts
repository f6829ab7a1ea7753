import type { Endpoint, EndpointExample } from '../../src/http/endpoint.js';
import { ok } from '../../src/http/reply.js';
import { renderReference } from '../../src/http/reference.js';

const EXAMPLE: EndpointExample = {
  status: 200,
  contentType: 'application/json',
  body: '{"Status":"200 OK"}',
};

function endpoint(part: Partial<Endpoint> & Pick<Endpoint, 'name' | 'path'>): Endpoint {
  return {
    method: 'GET',
    summary: 'Summary.',
    auth: 'token',
    example: EXAMPLE,
    handle: () => Promise.resolve(ok()),
    ...part,
  };
}

const TABLE: readonly Endpoint[] = [
  endpoint({
    name: 'setup',
    method: 'POST',
    path: '/api/v1/admin/setup',
    auth: 'setup',
    form: { newtoken: { kind: 'text', summary: 'The new token.', inQuery: true } },
    example: { ...EXAMPLE, arguments: '-F "newtoken=<-"' },
  }),
  endpoint({
    name: 'update',
    method: 'POST',
    path: '/api/v1/admin/update',
    description: 'First `code` paragraph.\n\nSecond paragraph.',
    form: {
      update: { kind: 'file', summary: 'The package.' },
      note: { kind: 'text', summary: 'A note.', optional: true, isParameter: true },
    },
    example: {
      arguments: '-F update=@package.enc',
      status: 202,
      contentType: 'application/json',
      body: '{"Status":"202 Accepted","Location":"/api/v1/admin/update","log":["a,b","\\\\n: {}"],"none":[],"n":1.0}',
      errors: [[400, 'An update is running.']],
    },
  }),
  endpoint({ name: 'version', path: '/api/v1/admin/version' }),
  endpoint({ name: 'update', path: '/api/v1/admin/update/log' }),
  endpoint({ name: 'reboot', path: '/api/v1/admin/reboot', acts: true }),
  endpoint({ name: 'update', path: '/api/v2/update' }),
  endpoint({ name: 'docs', path: '/docs', auth: 'none', example: { ...EXAMPLE, contentType: 'text/html' } }),
];

const HOSTILE = `<script>alert("1")</script>'&amp;<img src=https://evil.example/x onerror=a style="b">`;

/** Every text of an endpoint is hostile, in turn as JSON and as plain text. */
function hostileTable(): readonly Endpoint[] {
  const contentTypes = ['application/json', 'text/plain'] as const;
  return contentTypes.map((contentType, index) =>
    endpoint({
      name: HOSTILE,
      method: 'POST',
      path: `/api/v1/admin/${index}${HOSTILE}`,
      summary: HOSTILE,
      description: `${HOSTILE} \`${HOSTILE}\`\n\n${HOSTILE}`,
      form: {
        [HOSTILE]: { kind: 'text', summary: HOSTILE, optional: true, isParameter: true, inQuery: true },
      },
      example: {
        arguments: HOSTILE,
        status: 200,
        contentType,
        body: JSON.stringify({ [HOSTILE]: HOSTILE }),
        errors: [[400, HOSTILE]],
      },
    }),
  );
}

const page = renderReference(TABLE, { title: 'admind API', version: '1.0.0' });
const hostilePage = renderReference(hostileTable(), { title: HOSTILE, version: HOSTILE });

const PAGES = [
  ['an ordinary table', page],
  ['a hostile table', hostilePage],
  ['an empty table', renderReference([], { title: 'admind API', version: '1.0.0' })],
] as const;

describe.each(PAGES)('the page of %s', (_table, html) => {
  it('has one style, no script, no style attribute and no event handler', () => {
    expect(tagsOf(html, 'style')).toHaveLength(1);
    expect(tagsOf(html, 'script')).toEqual([]);
    expect(attributesOf(html).filter(({ name }) => name === 'style' || name.startsWith('on'))).toEqual([]);
  });

  it('loads nothing: its only links lead to places on the page that exist', () => {
    const attributes = attributesOf(html);
    const ids = attributes.filter(({ name }) => name === 'id').map(({ value }) => `#${value}`);
    const links = attributes.filter(({ name }) => name === 'href').map(({ value }) => value);
    expect(attributes.filter(({ name }) => ['src', 'srcset', 'action', 'data'].includes(name))).toEqual([]);
    expect(links.filter((link) => !ids.includes(link))).toEqual([]);
    expect(ids).toEqual([...new Set(ids)]);
    expect(styleOf(html)).not.toMatch(/url\(|@import|<|&/);
  });

  it('closes every element that it opens, in order', () => {
    expect(unclosedElements(html)).toEqual([]);
  });

  it('has one h1 and skips no level of heading', () => {
    const levels = [...html.matchAll(/<h([1-6])[ >]/g)].map((match) => Number(match[1]));
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    levels.slice(1).forEach((level, index) => expect(level - (levels[index] ?? 0)).toBeLessThanOrEqual(1));
  });

  it('names its language, offers a skip link and gives every table header a scope', () => {
    expect(html).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
    expect(html.indexOf('<a class="skip" href="#content">')).toBeLessThan(html.indexOf('<header>'));
    expect(tagsOf(html, 'th').filter((tag) => !/ scope="(col|row)"/.test(tag))).toEqual([]);
  });
});

it.each([200, 202, 206, 400, 403, 404, 413, 416, 429, 500, 503])('explains the status %i', (status) => {
  expect(page).toMatch(new RegExp(`<th scope="row">${status} [A-Z][A-Za-z ]+</th><td>[A-Z]`));
});

it('shows hostile text as it was written', () => {
  expect(hostilePage).not.toContain('<script');
  expect(hostilePage).not.toContain('<img');
  const body = JSON.stringify({ [HOSTILE]: HOSTILE });
  const texts = [HOSTILE, `POST/api/v1/admin/1${HOSTILE}`, body, `HASH" ${HOSTILE}`];
  for (const text of texts) expect(textOf(hostilePage)).toContain(text);
});

it.each([
  ['post-setup', 'POST', '/api/v1/admin/setup'],
  ['post-update', 'POST', '/api/v1/admin/update'],
  ['get-version', 'GET', '/api/v1/admin/version'],
  ['get-update-log', 'GET', '/api/v1/admin/update/log'],
  ['get-api-v2-update', 'GET', '/api/v2/update'],
  ['get-docs', 'GET', '/docs'],
])('has the section %s, in the contents and the overview, for %s %s', (id, method, path) => {
  expect(textOf(articleOf(id))).toContain(`${method} ${path}`);
  expect(page.split(`href="#${id}"`)).toHaveLength(4);
});

it('groups endpoints by name in the order of the table, pages last', () => {
  const titles = [...page.matchAll(/<h2 id="(?:resource-\w+|pages)-title">(\w+)</g)].map((match) => match[1]);
  expect(titles).toEqual(['setup', 'update', 'version', 'reboot', 'Pages']);
  const ids = [...page.matchAll(/<article class="endpoint" id="([\w-]+)"/g)].map((match) => match[1]);
  const update = ['post-update', 'get-update-log', 'get-api-v2-update'];
  expect(ids).toEqual(['post-setup', ...update, 'get-version', 'get-reboot', 'get-docs']);
});

it('says who may call, and what to sign', () => {
  expect(textOf(articleOf('post-update'))).toContain('the message to sign is POST/api/v1/admin/update.');
  expect(textOf(articleOf('post-setup'))).toContain('Open to the first caller');
  expect(textOf(articleOf('get-docs'))).toContain('Open to everyone');
});

it('shows the request as curl takes it, without -k', () => {
  expect(textOf(articleOf('post-update'))).toContain(
    'curl -X POST "https://HOST:8443/api/v1/admin/update?hash=HASH" -F update=@package.enc\n',
  );
  expect(textOf(articleOf('get-version'))).toContain(
    'curl "https://HOST:8443/api/v1/admin/version?hash=HASH"\n',
  );
  expect(textOf(articleOf('get-docs'))).toContain('curl "https://HOST:8443/docs"\n');
  const setup = textOf(articleOf('post-setup'));
  expect(setup).toContain('curl -X POST "https://HOST:8443/api/v1/admin/setup" -F "newtoken=<-"\n');
  expect(setup).toContain('curl -X POST "https://HOST:8443/api/v1/admin/setup?hash=HASH" -F "newtoken=<-"\n');
  expect(textOf(page)).not.toMatch(/curl [^\n]*-k\b/);
});

it('shows fields, paragraphs, errors and what refuses HEAD', () => {
  const update = articleOf('post-update');
  expect(update).toContain('<p>First <code>code</code> paragraph.</p>\n<p>Second paragraph.</p>');
  expect(update).toContain(
    '<th scope="row"><code>update</code></th><td>file</td><td>required</td><td>The package.</td>',
  );
  expect(update).toContain('<th scope="row"><code>note</code></th><td>text</td><td>optional</td>');
  expect(update).toContain('<th scope="row">400 Bad Request</th><td>An update is running.</td>');
  expect(textOf(articleOf('post-setup'))).toContain('Also accepted in the query.');
  expect(articleOf('get-reboot')).toContain('refuses <code>HEAD</code>');
  expect(articleOf('get-version')).not.toContain('refuses <code>HEAD</code>');
});

it('indents a long JSON body and keeps its tokens as they are sent', () => {
  expect(textOf(articleOf('post-update'))).toContain(`{
  "Status": "202 Accepted",
  "Location": "/api/v1/admin/update",
  "log": [
    "a,b",
    "\\\\n: {}"
  ],
  "none": [],
  "n": 1.0
}
`);
  expect(textOf(articleOf('get-version'))).toContain('{"Status":"200 OK"}\n');
});

function articleOf(id: string): string {
  const start = page.indexOf(`<article class="endpoint" id="${id}"`);
  return start === -1 ? '' : page.slice(start, page.indexOf('</article>', start));
}

function tagsOf(html: string, name: string): readonly string[] {
  return [...html.matchAll(new RegExp(`<${name}(?=[\\s>])[^>]*>`, 'g'))].map(([tag]) => tag);
}

function styleOf(html: string): string {
  return /<style>([^]*?)<\/style>/.exec(html)?.[1] ?? '';
}

function attributesOf(html: string): readonly { readonly name: string; readonly value: string }[] {
  return [...html.matchAll(/<\w[^>]*>/g)].flatMap(([tag]) =>
    [...tag.matchAll(/\s([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => ({ name, value })),
  );
}

function unclosedElements(html: string): readonly string[] {
  const open: string[] = [];
  for (const [, slash, name = ''] of html.matchAll(/<(\/?)(\w+)[^>]*>/g)) {
    if (name === 'meta') continue;
    if (slash === '') open.push(name);
    else if (open.at(-1) === name) open.pop();
    else return [...open, `/${name}`];
  }
  return open;
}

/** What a reader sees, near enough: without tags, entities decoded. */
function textOf(html: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&([#\w]+);/g, (entity, name: string) => entities[name] ?? entity);
}
