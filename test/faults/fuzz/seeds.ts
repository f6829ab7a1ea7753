import { gzipSync } from 'node:zlib';
import { tarOf } from '../../package/fixtures.js';
import { archives } from '../hostile/corpus/archives.js';
import { BOUNDARY, filePart, formOf, textPart } from '../hostile/corpus/request.js';
import { ODD_DOCUMENTS } from '../hostile/corpus/settings-files.js';
import { inForm } from './envelope-forms.js';

const small = (list: readonly (string | Buffer)[]) =>
  list.map((one) => Buffer.from(one)).filter(({ length }) => length < 4_000);
const network = {
  interface: 'eth0',
  hostname: 'appliance',
  ip_address: '10.0.0.2',
  netmask: '255.0.0.0',
  gateway: '10.0.0.1',
};
const iscsi = { type: 'iscsi', target: 'a', ip: '10.0.0.2', port: '3260', username: 'a', password: '"$`\\' };
const contents = [tarOf({ path: 'version.txt', body: '2.0.0\n' }, { path: 'update.sh', body: 'exit 0\n' })];
const outer = tarOf(
  { path: 'software_package.tar.gz', body: gzipSync(contents[0] ?? '') },
  { path: 'software_package.tar.gz.sign', body: Buffer.alloc(256) },
);
const form = (...parts: readonly (string | Buffer)[]) =>
  Buffer.concat([Buffer.from(`${BOUNDARY}\n`), formOf(...parts)]);
const block = (label: string) =>
  `-----BEGIN ${label}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n-----END ${label}-----\n`;

/** What each target is given first; what is new in what it reaches is kept, and changed further. */
export const SEEDS: Readonly<Record<string, readonly Buffer[]>> = {
  tar: [...small(archives().map(({ tar }) => tar)), tarOf({ path: 'a', body: 'x' })],
  contents: contents.flatMap((tar) => [tar, gzipSync(tar)]),
  restore: contents.flatMap((tar) => [tar, gzipSync(tar)]),
  envelope: [
    inForm('a file', Buffer.from(`Salted__${'0'.repeat(8 + 640)}`)),
    inForm('outer tar', outer),
    ...contents.map((tar) => inForm('well made', tar)),
  ],
  certificates: small([
    block('CERTIFICATE'),
    block('RSA PRIVATE KEY'),
    block('EC PRIVATE KEY'),
    block('ENCRYPTED PRIVATE KEY'),
  ]),
  settings: small([
    ...Object.values(ODD_DOCUMENTS),
    JSON.stringify({ network, app: { a: 1 } }),
    JSON.stringify({ storage: iscsi }),
  ]),
  configuration: small([
    JSON.stringify({ port: 8443, host: '::', tls: true, logLevel: 'info', debugKeyPadding: 'oaep' }),
    '{"endpoints":["settings","backup"],"parameters":["ca"],"first-run":{"enabled":true,"word-length":4}}',
  ]),
  query: small(['/api/v1/admin/version?hash=a&token=%41', 'https://a/b?c=d', 'bytes=0-5', 'bytes=-1']),
  multipart: small([
    form(filePart('settings', '{}')),
    form(textPart('action', 'START')),
    form(filePart('x', 'y'), textPart('z', '')),
  ]),
  records: small([
    '{"status":"running","percentage":30}\n',
    'failed\n',
    '{"entries":[],"isCommitted":true}',
    '[1][A] text\n'.repeat(12),
    '{"commands":[{"file":"debug-1.log","command":"ps","exitStatus":1,"signal":null,"timedOut":false}]}',
    'app\napp/log\n.\n',
  ]),
  'tree-change': small([
    '{"path":"d","attributes":{"mode":493,"uid":0,"gid":0,"mtimeMs":0}}\n{"path":"d/a","number":0}\n',
    '{"path":"d","number":0}\n',
    '{"isCommitted":true,"note":{}}',
  ]),
};
