import { SECRET } from '../stand.js';
import { filePart, postParts, sending, type RequestCase } from './request.js';

const good = { interface: 'eth0', hostname: 'appliance' };
const network = (value: object) =>
  JSON.stringify({ network: { ...good, ...value }, app: { password: SECRET } });
const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);

/** Texts that are no JSON, or JSON that is no settings file. */
export const ODD_DOCUMENTS: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  blanks: ' \t\r\n',
  'a byte order mark': Buffer.from([0xef, 0xbb, 0xbf]),
  'UTF-16': Buffer.from('\ufeff{"network":{}}', 'utf16le'),
  'bytes that are not UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'an overlong encoding': Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
  'an encoded surrogate': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  NULs: Buffer.alloc(1_000),
  null: 'null',
  'a number': '1',
  'a text': `"${SECRET}"`,
  'an array': `["${SECRET}"]`,
  'an open object': '{',
  'an open text': `{"network":{"hostname":"${SECRET}`,
  'a comment': `{/* ${SECRET} */}`,
  'a trailing comma': '{"network":{},}',
  'single quotes': "{'network':{}}",
  'two documents': '{}{}',
  'a document and garbage': `{} ${SECRET}`,
  NaN: '{"network":NaN}',
  Infinity: '{"network":-Infinity}',
  'a huge number': '{"network":{"hostname":1e999999}}',
  'a number of many digits': `{"network":{"hostname":${'9'.repeat(100_000)}}}`,
  'a lone surrogate': '{"network":{"interface":"eth0","hostname":"abc\\ud800"}}',
  'a lone surrogate in app': '{"network":{"interface":"eth0"},"app":{"\\udfff":"\\ud800"}}',
  'a bad escape': '{"network":"\\x41"}',
  'a bare control character': '{"network":"\u0001"}',
  'deep arrays': deep('[', ']', 100_000),
  'deep objects': `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  'a deep network': `{"network":${deep('[', ']', 50_000)}}`,
  'a deep app': `{"network":${JSON.stringify(good)},"app":{"a":${deep('[', ']', 50_000)}}}`,
  'arrays that are open': '['.repeat(500_000),
  'a hundred thousand keys': `{"network":{${Array.from({ length: 90_000 }, (_, i) => `"k${i}":1`).join(',')}}}`,
  'keys twice': '{"network":{"interface":"a"},"network":{"interface":"b"}}',
  'names of Object':
    '{"__proto__":{"network":{}},"constructor":{"prototype":{}},"network":{"__proto__":{"hostname":"abc"}}}',
  'a name of Object as option': network({ ['__proto__' as string]: 1, hostname: ['x'] }),
};

const HOSTNAMES: readonly unknown[] = [
  null,
  true,
  1,
  [],
  {},
  ['abc'],
  { toString: 'x' },
  'a\nb',
  'a b',
  '$(reboot)',
  '`id`',
  "'",
  '"',
  '\\',
  'é',
  '\u0000',
  '\ud800',
  'a'.repeat(256),
  'a'.repeat(500_000),
  'ab',
];
const STORAGES: readonly unknown[] = [
  null,
  [],
  'local',
  {},
  { type: 'nfs' },
  { type: 'Local' },
  { type: ['local'] },
  { type: { toString: 'local' } },
  { type: '__proto__' },
  { type: 'constructor' },
  { type: 'local', port: 1 },
  { type: 'local', __proto: 1 },
  { type: 'local', 'a\nb': 'c' },
  { type: 'nfs', mount_options: 'rw', ip: '::1', share: '/a\n/b' },
  { type: 'iscsi', target: 'x', password: `${SECRET}\n`, username: 'u' },
  { type: 'iscsi', password: [SECRET] },
  { type: 'nbd', port: '99999999', ip: '1' },
];

/** Settings and storage files. */
export function settingsFiles(): readonly RequestCase[] {
  const send = (name: string, path: string, content: string | Buffer) =>
    sending(`${path}: ${name}`, postParts(path, filePart('settings', content)));
  const options = ['interface', 'hostname', 'ip_address', 'netmask', 'gateway', 'dns1', 'ntpserver'];
  return [
    ...Object.entries(ODD_DOCUMENTS).flatMap(([name, content]) => [
      send(name, '/settings', content),
      send(name, '/storage', content),
    ]),
    ...options.flatMap((option) =>
      HOSTNAMES.map((value, index) => send(`${option} ${index}`, '/settings', network({ [option]: value }))),
    ),
    ...STORAGES.map((storage, index) => send(`${index}`, '/storage', JSON.stringify({ storage }))),
    ...[null, 1, 'x', [], true].map((part, index) =>
      send(`parts ${index}`, '/settings', JSON.stringify({ network: part, app: part })),
    ),
  ];
}
