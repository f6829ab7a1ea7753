import { readdir } from 'node:fs/promises';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { ISCSI, NFS } from '../support/storage-settings.js';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ADDRESS = 'abcdef0123456789ABCDEF.:';
const PRINTABLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
const DHCP = { interface: 'eth0', hostname: 'test.host' };
const STATIC = { ...DHCP, ip_address: '192.168.1.100', netmask: '255.255.255.0', gateway: '192.168.1.1' };
const characters = (option: string, allowed: string) =>
  `Missing or invalid string for option: ${option}. Allowed: ${allowed}`;
const length = (option: string, least: number, most: number) =>
  `Invalid string length for option: ${option}. Allowed: >= ${least} and <= ${most}`;

let appliance: TestDaemon;
beforeAll(async () => {
  appliance = await startTestDaemon({
    prepare: ({ write, paths }) => write(paths.endpointConfiguration, '{"endpoints":["settings","storage"]}'),
  });
});
afterAll(() => appliance.stop());

const post = (endpoint: string, document: unknown) =>
  appliance
    .signed('POST', endpoint)
    .attach('settings', Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), 's');
async function expectRefusal(endpoint: string, document: unknown, message: string): Promise<void> {
  const { status, headers } = await post(endpoint, document);
  expect([status, headers['error-message']]).toEqual([400, message]);
  expect((await appliance.signed('GET', endpoint)).status).toBe(404);
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
  expect(await appliance.read(appliance.paths.auditLog).catch(() => '')).not.toContain('.post');
}

test.each([
  [{}, length('interface', 3, 14)],
  [{ network: {} }, length('interface', 3, 14)],
  [{ network: { interface: 'e' } }, length('interface', 3, 14)],
  [{ network: { interface: 'eth0.1' } }, characters('interface', LETTERS)],
  [{ network: { interface: 'e'.repeat(15) } }, length('interface', 3, 14)],
  // Characters come before length, the interface before the host name.
  [{ network: { interface: '!', hostname: '!' } }, characters('interface', LETTERS)],
  [{ network: { interface: 'eth0' } }, length('hostname', 3, 255)],
  [{ network: { ...DHCP, hostname: 'a_b' } }, characters('hostname', `${LETTERS}.-`)],
  [{ network: { ...DHCP, hostname: '$(id)' } }, characters('hostname', `${LETTERS}.-`)],
  [{ network: { ...DHCP, hostname: 'ab\n' } }, characters('hostname', `${LETTERS}.-`)],
  [{ network: { ...DHCP, hostname: 'a'.repeat(256) } }, length('hostname', 3, 255)],
  [{ network: { ...STATIC, ip_address: '1.2.3.4 ' } }, characters('ip_address', ADDRESS)],
  [{ network: { ...STATIC, ip_address: '::' } }, length('ip_address', 3, 45)],
  [{ network: { ...STATIC, netmask: '255.255.255.g' } }, characters('netmask', `${ADDRESS}/`)],
  [{ network: { ...STATIC, netmask: '/' } }, length('netmask', 2, 45)],
  [{ network: { ...STATIC, gateway: 'gateway' } }, characters('gateway', ADDRESS)],
  [{ network: { ...STATIC, gateway: '1'.repeat(46) } }, length('gateway', 3, 45)],
  [{ network: { ...STATIC, dns1: '1.1.1.1;' } }, characters('dns1', ADDRESS)],
  [{ network: { ...STATIC, dns1: '::' } }, length('dns1', 3, 45)],
  [{ network: { ...STATIC, dns2: '`id`' } }, characters('dns2', ADDRESS)],
  [{ network: { ...STATIC, dns2: '::' } }, length('dns2', 3, 45)],
  [{ network: { ...STATIC, ntpserver: 'a b' } }, characters('ntpserver', `${LETTERS}.-:`)],
  [{ network: { ...STATIC, ntpserver: 'ab' } }, length('ntpserver', 3, 255)],
  [{ network: { ...STATIC, dns2: '!', ntpserver: '!', dns1: '::' } }, length('dns1', 3, 45)],
  [{ network: { ...STATIC, hostname: 5 } }, 'Invalid type for option: hostname. Expected a string'],
  [{ network: { ...STATIC, dns1: null } }, 'Invalid type for option: dns1. Expected a string'],
  [{ network: [] }, 'Invalid type for option: network. Expected an object'],
  [{ network: DHCP, app: 'text' }, 'Invalid type for option: app. Expected an object'],
  [
    '{"network":{"hostname":12345678901234567890,"interface":"eth0"}}',
    'Invalid type for option: hostname. Expected a string',
  ],
  [
    '{"network":{"interface":"eth0","hostname":"test.host"},"app":12345678901234567890}',
    'Invalid type for option: app. Expected an object',
  ],
  [
    '{"app":{"limits":[1,1e999]}}',
    'Invalid settings file. Number too large: app.limits.1. Allowed: at most 1.7976931348623157e+308',
  ],
  [
    '{"network":{"metric":-1e400}}',
    'Invalid settings file. Number too large: network.metric. Allowed: at most 1.7976931348623157e+308',
  ],
  ['[]', 'Invalid settings file. Expected a JSON object'],
  ['', 'Invalid settings file. It is not valid JSON: it ends too early'],
  [
    '{} {}',
    'Invalid settings file. It is not valid JSON: unexpected non-whitespace character at line 1, column 4',
  ],
  [
    '{"network":{},\n}',
    'Invalid settings file. It is not valid JSON: expected double-quoted property name at line 2, column 1',
  ],
  [
    '{"app":{}, /* comment */ "network":{}}',
    'Invalid settings file. It is not valid JSON: expected double-quoted property name at line 1, column 12',
  ],
])('settings: should refuse %j and change nothing', (document, message) =>
  expectRefusal('/settings', document, message),
);

test('should refuse what is not UTF-8, is too deep or too large', async () => {
  const deep = `{"network":{},"app":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
  expect((await post('/settings', deep)).status).toBe(400);
  const bytes = Buffer.concat([Buffer.from('{"app":{"a":"'), Buffer.from([0xff]), Buffer.from('"}}')]);
  const invalid = await appliance.signed('POST', '/settings').attach('settings', bytes, 's');
  expect(invalid.headers['error-message']).toBe('Invalid settings file. It is not UTF-8 text');
  const large = await post('/settings', { network: DHCP, app: { a: 'x'.repeat(1024 * 1024) } });
  expect(large.status).toBe(413);
});

const AOE = { type: 'aoe', device: 'e0.1' };
const NBD = { type: 'nbd', export_name: '/export', ip: '192.168.1.100', port: '10809' };
const TYPE = 'Invalid option: type. Allowed: local, nfs, aoe, iscsi, nbd';

test.each([
  [{}, TYPE],
  [{ storage: {} }, TYPE],
  [{ storage: { type: 'zfs' } }, TYPE],
  [{ storage: { type: 'NFS' } }, TYPE],
  [{ storage: { type: 1 } }, TYPE],
  [{ storage: { type: ['nfs'] } }, TYPE],
  [{ storage: { ...NFS, mount_options: 'a b' } }, characters('mount_options', `${LETTERS}.-=,`)],
  [{ storage: { ...NFS, mount_options: 'ab' } }, length('mount_options', 3, 255)],
  [{ storage: { ...NFS, mount_options: '!', ip: '!' } }, characters('mount_options', `${LETTERS}.-=,`)],
  [{ storage: { ...NFS, ip: undefined } }, length('ip', 3, 45)],
  [{ storage: { ...NFS, ip: 'host' } }, characters('ip', ADDRESS)],
  [{ storage: { ...NFS, share: '/a;b' } }, characters('share', `${LETTERS}.-_/`)],
  [{ storage: { ...NFS, share: '/' } }, length('share', 3, 255)],
  [{ storage: { ...NFS, port: '1' } }, 'Unknown option: port. Allowed: type, mount_options, ip, share'],
  [
    { storage: { ...NFS, 'a"\nb=`id`': 'x' } },
    'Unknown option: a"?b=`id`. Allowed: type, mount_options, ip, share',
  ],
  [{ storage: { type: 'local', ip: '1.1.1.1' } }, 'Unknown option: ip. Allowed: type'],
  [{ storage: { ...AOE, device: 'e0/1' } }, characters('device', `${LETTERS}.-`)],
  [{ storage: { type: 'aoe' } }, length('device', 3, 255)],
  [{ storage: { ...ISCSI, target: 'a/b' } }, characters('target', `${LETTERS}.-_:`)],
  [{ storage: { ...ISCSI, target: 'ab' } }, length('target', 3, 255)],
  [{ storage: { ...ISCSI, ip: '' } }, length('ip', 3, 45)],
  [{ storage: { ...ISCSI, username: 'a b' } }, characters('username', PRINTABLE)],
  [{ storage: { ...ISCSI, username: 'ab' } }, length('username', 3, 255)],
  [{ storage: { ...ISCSI, password: 'pass\nword' } }, characters('password', PRINTABLE)],
  [{ storage: { ...ISCSI, password: 'pässword' } }, characters('password', PRINTABLE)],
  [{ storage: { ...ISCSI, password: 'x'.repeat(256) } }, length('password', 3, 255)],
  [{ storage: { ...ISCSI, password: 5 } }, 'Invalid type for option: password. Expected a string'],
  [{ storage: { ...NBD, export_name: 'a b' } }, characters('export_name', `${LETTERS}.-_/`)],
  [{ storage: { ...NBD, export_name: 'ab' } }, length('export_name', 3, 255)],
  [{ storage: { ...NBD, ip: '1' } }, length('ip', 3, 45)],
  [{ storage: { ...NBD, port: '80a' } }, characters('port', '0123456789')],
  [{ storage: { ...NBD, port: '108090' } }, length('port', 1, 5)],
  [{ storage: { ...NBD, port: '' } }, length('port', 1, 5)],
  [{ storage: { ...NBD, port: 10809 } }, 'Invalid type for option: port. Expected a string'],
  [{ storage: 'nfs' }, 'Invalid type for option: storage. Expected an object'],
  ['null', 'Invalid settings file. Expected a JSON object'],
])('storage: should refuse %j and change nothing', (document, message) =>
  expectRefusal('/storage', document, message),
);
