import { tarOf } from '../../package/fixtures.js';
import { archives } from '../hostile/corpus/archives.js';
import { BOUNDARY, filePart, formOf, textPart } from '../hostile/corpus/request.js';
import { ODD_DOCUMENTS } from '../hostile/corpus/settings-files.js';

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
const form = (...parts: readonly (string | Buffer)[]) =>
  Buffer.concat([Buffer.from(`${BOUNDARY}\n`), formOf(...parts)]);
const block = (label: string) =>
  `-----BEGIN ${label}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n-----END ${label}-----\n`;

/** What each target is given first; what is new in what it reaches is kept, and changed further. */
export const SEEDS: Readonly<Record<string, readonly Buffer[]>> = {
  tar: [...small(archives().map(({ tar }) => tar)), tarOf({ path: 'a', body: 'x' })],
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
  ]),
};
