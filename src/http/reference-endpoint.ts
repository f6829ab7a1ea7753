import { V1_PREFIX } from '../config/v1-prefix.js';
import type { AuthRule, Endpoint, EndpointExample, FormField } from './endpoint.js';
import { V1_STATUS } from './error-status.js';
import { showJson } from './reference-json.js';
import {
  codeBlock,
  markup,
  paragraphs,
  prose,
  table,
  type Content,
  type Markup,
} from './reference-markup.js';

/** The access rule in the few words that a table has room for. */
export const ACCESS: Readonly<Record<AuthRule, string>> = {
  token: 'token or hash',
  setup: 'first caller, then token or hash',
  none: 'everyone',
};

export function renderEndpoint(endpoint: Endpoint): Markup {
  const { summary, description = '', form = {}, example, acts = false } = endpoint;
  const id = anchorOf(endpoint);
  return markup`<article class="endpoint" id="${id}" aria-labelledby="${id}-title">
<div class="about">
<h3 id="${id}-title"><a href="#${id}">${methodBadge(endpoint)} ${fullPath(endpoint)}</a></h3>
<p class="summary">${prose(summary)}</p>
${paragraphs(description)}${access(endpoint)}
${acts ? markup`<p class="note">This <code>GET</code> changes something, so it refuses <code>HEAD</code>.</p>\n` : ''}${formTable(form)}</div>
<div class="example">
${requests(endpoint)}${answer(example)}</div>
<div class="errors">
${errorTable(example)}</div>
</article>
`;
}

/** `post-update`, `get-update-log`; the prefix of v1 is left out, any other path is kept whole. */
export function anchorOf({ method, path }: Endpoint): string {
  return slug(`${method} ${shortPath(path)}`);
}

export function slug(text: string): string {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '')
    .join('-');
}

/** The path less the prefix that every v1 endpoint shares: `/update/log`. */
export function shortPath(path: string): string {
  return path.startsWith(`${V1_PREFIX}/`) ? path.slice(V1_PREFIX.length) : path;
}

export function methodBadge({ method }: Endpoint): Markup {
  return markup`<span class="method ${method.toLowerCase()}">${method}</span>`;
}

function fullPath({ path }: Endpoint): Markup {
  const short = shortPath(path);
  const prefix = path.slice(0, path.length - short.length);
  return markup`<code class="path"><span class="prefix">${prefix}</span>${short}</code>`;
}

function access({ auth, method, path }: Endpoint): Markup {
  const message = markup`the message to sign is <code>${method}${path}</code>`;
  const words: Readonly<Record<AuthRule, Content>> = {
    token: markup`Needs a token or a hash; ${message}.`,
    setup: markup`Open to the first caller of an appliance that has no token yet. From then on it needs a token or a
hash; ${message}.`,
    none: 'Open to everyone, without a token.',
  };
  return markup`<p class="access"><strong>Authentication</strong> ${words[auth]}</p>`;
}

function formTable(form: Readonly<Record<string, FormField>>): Content {
  const fields = Object.entries(form);
  if (fields.length === 0) return '';
  return table({
    caption: 'Form fields',
    className: 'fields',
    columns: ['Field', 'Kind', 'Required', 'Meaning'],
    rows: fields.map(([name, field]) => [
      markup`<code>${name}</code>`,
      field.kind,
      field.optional ? 'optional' : 'required',
      meaning(field),
    ]),
  });
}

function meaning({ summary, isParameter, inQuery, limitBytes }: FormField): Markup {
  const query = inQuery ? ' Also accepted in the query.' : '';
  const limit = limitBytes === undefined ? '' : ` At most ${limitBytes} bytes.`;
  const gate = isParameter ? ' Accepted where `parameters` of the endpoint configuration names it.' : '';
  return prose(`${summary}${limit}${query}${gate}`);
}

function requests(endpoint: Endpoint): Content {
  const signed = curl(endpoint, '?hash=HASH');
  const open = curl(endpoint, '');
  const blocks: Readonly<Record<AuthRule, Content>> = {
    token: codeBlock('Request', signed),
    setup: [
      codeBlock('Request of the first caller', open),
      codeBlock('Request with a token on file', signed),
    ],
    none: codeBlock('Request', open),
  };
  return blocks[endpoint.auth];
}

/** Each option stays in one piece when the line is wrapped. */
function curl({ method, path, example }: Endpoint, query: string): Content {
  const command = method === 'GET' ? 'curl' : `curl -X ${method}`;
  const options = example.arguments?.split(/ (?=-)/) ?? [];
  return [
    `${command} "https://HOST:8443${path}${query}"`,
    ...options.flatMap((option) => [' ', markup`<span class="unit">${option}</span>`]),
  ];
}

function answer({ status, contentType, body }: EndpointExample): Markup {
  const caption = markup`Answer <span class="status">${statusLine(status)}</span> <span
class="type">${contentType}</span>`;
  return codeBlock(caption, contentType === 'application/json' ? showJson(body) : body);
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [200, 'OK'],
  [202, 'Accepted'],
  [206, 'Partial Content'],
  ...Object.values(V1_STATUS),
]);

/** `413 Content Too Large`, in the words that the answers use. */
export function statusLine(status: number): string {
  return `${status} ${REASONS.get(status) ?? ''}`.trimEnd();
}

function errorTable({ errors = [] }: EndpointExample): Content {
  if (errors.length === 0) return '';
  return table({
    caption: 'Errors',
    className: 'statuses',
    columns: ['Status', 'When'],
    rows: errors.map(([status, when]) => [statusLine(status), prose(when)]),
  });
}
