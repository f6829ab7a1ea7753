import { V1_PREFIX } from '../config/v1-prefix.js';
import { statusLine } from './reference-endpoint.js';
import { showJson } from './reference-json.js';
import { codeBlock, markup, prose, table, type Content, type Markup } from './reference-markup.js';

export interface GuideSection {
  readonly id: string;
  readonly title: string;
  readonly body: Content;
}

const BASE = `https://HOST:8443${V1_PREFIX}`;

const STATUSES: readonly (readonly [status: number, meaning: string])[] = [
  [200, 'Done. The body is what was asked for, or `{"Status":"200 OK"}`.'],
  [202, 'Checked and started. `Location` is where the progress can be read.'],
  [206, 'The part of a backup that `Range` asked for.'],
  [
    400,
    'Something about the request is wrong, or its job cannot run now. `Error-Message` says what and what is allowed.',
  ],
  [403, 'No valid token or hash, or first-run is not completed.'],
  [404, 'No such endpoint, or it is switched off, or there is nothing to show yet.'],
  [413, 'The body is larger than the appliance accepts.'],
  [416, 'A backup was asked for from beyond its end. `Content-Range` says how long it is.'],
  [429, 'Too many failed attempts from this address. Wait for `Retry-After` seconds.'],
  [500, 'A fault in the appliance. Its log has the cause, under the `X-Request-Id` of the answer.'],
  [503, 'The daemon is shutting down or restarting. Try again shortly.'],
];

/** What holds for every endpoint. */
export const GUIDE: readonly GuideSection[] = [
  { id: 'guide-start', title: 'Before you start', body: beforeYouStart() },
  { id: 'guide-first-token', title: 'Set the first token', body: firstToken() },
  { id: 'guide-authentication', title: 'Authenticate', body: authentication() },
  { id: 'guide-answers', title: 'Answers and statuses', body: answers() },
];

function beforeYouStart(): Markup {
  return markup`<p>Every endpoint lies below <code>${V1_PREFIX}</code> and is reached over HTTPS, port 8443.
In the examples <code>HOST</code> is the name of your appliance and <code>HASH</code> the hash of that one request.</p>
<p>A new appliance shows a self-signed certificate. Fetch that certificate in a way that you trust and name it with
<code>--cacert FILE</code>, or install one of your own; a client that skips the check hands its token to
whoever answers.</p>
<p>Forms are sent as <code>multipart/form-data</code>. A field that the endpoint does not know, or one sent twice, is
refused. Paths are case-sensitive. An endpoint that is switched off in
<code>/usr/local/etc/jidoteki-admin-api.json</code> answers 404, as if it did not exist.</p>
`;
}

function firstToken(): Markup {
  return markup`<p>An appliance without a token takes one from its first caller: do this before others can
reach it. A token is 1 to 255 printable ASCII characters without spaces. <code>newtoken=&lt;-</code> lets curl read it
from standard input, which keeps it out of the process list and the shell’s history.</p>
${codeBlock(
  'Choose a token and set it',
  `read -rs TOKEN\nprintf %s "$TOKEN" | curl -X POST "${BASE}/setup" -F "newtoken=<-"`,
)}<p>Where <code>first-run</code> is configured, the appliance has written a passphrase to
<code>etc/api.token.setup</code> in its admin directory. This call then needs that passphrase as its token, and every
other endpoint answers 403 until the call has succeeded.</p>
`;
}

function authentication(): Markup {
  return markup`<p>Add <code>token=</code> or <code>hash=</code> to the query; they count nowhere else. If both are there,
the hash alone decides. Prefer the hash: the token itself never leaves your machine.</p>
${codeBlock(
  'With the token, percent-encoded by curl',
  `printf %s "$TOKEN" | curl -G --data-urlencode token@- "${BASE}/version"`,
)}<p>The hash is an HMAC-SHA256 in lower-case hexadecimal. Its key is the SHA-256 of the token, in lower-case
hexadecimal and used as text. Its message is the method followed by the path exactly as requested, without the query:
<code>/version</code> and <code>/version/</code> have different hashes, and <code>HEAD</code> is signed as
<code>HEAD</code>.</p>
${codeBlock(
  'With a hash',
  `key=$(printf %s "$TOKEN" | openssl dgst -sha256 | sed 's/.* //')
hash=$(printf %s "GET${V1_PREFIX}/version" | openssl dgst -sha256 -hmac "$key" | sed 's/.* //')
curl "${BASE}/version?hash=$hash"`,
)}${codeBlock(
    markup`To check yours: the token <code>yourtoken</code> gives for this request`,
    `key   13e2ff941bbc8692cad141c8d293dda2c4f1c1a3c51b93d54f1a1693e1206107
hash  b714a60732e096ccef06e360eefe0f1ba4fa5d16ef7da726612e2026e5523241`,
  )}<p class="note"><strong>On a shared machine</strong> do not use <code>openssl -hmac KEY</code>: while it runs, the key
stands in the process list, and whoever reads it can sign every request. <code>admin-curl</code>, which signs and sends
a request, and <code>admind sign</code>, which prints its hash, keep the key to themselves.</p>
<p>A hash is good for its method and path until the token changes, so keep it as you would keep a password. A client that
goes on failing is slowed down: 429, and <code>Retry-After</code> says for how many seconds.</p>
`;
}

function answers(): Markup {
  return markup`<p>JSON is sent compact, on one line; long bodies are indented on this page. An answer that carries no
data of its own has this shape, and its <code>Error-Message</code> is also sent as a header of that name:</p>
${codeBlock(
  'A refused request',
  showJson('{"Status":"403 Forbidden","Error-Message":"Authentication error"}'),
)}<p>Long work is a job. Its request is checked first, then answered with 202 while the job runs on; read its progress
at the path in <code>Location</code>. A job that is already running is not started twice: 400.</p>
${codeBlock(
  'A started job',
  showJson(`{"Status":"202 Accepted","Location":"${V1_PREFIX}/update"}`),
)}<p>The header <code>X-Request-Id</code> names the request in the logs of the appliance: quote it when you ask for help.</p>
${table({
  caption: 'Statuses',
  className: 'statuses',
  columns: ['Status', 'Meaning'],
  rows: STATUSES.map(([status, meaning]) => [statusLine(status), prose(meaning)]),
})}`;
}
