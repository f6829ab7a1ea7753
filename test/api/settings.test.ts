import { execFileSync } from 'node:child_process';
import { chmod, readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { writeScript } from '../support/script-file.js';

const DHCP = { interface: 'eth0', hostname: 'test.host' };
const STATIC = { ...DHCP, ip_address: '192.168.1.100', netmask: '255.255.255.0', gateway: '192.168.1.1' };
let appliance: TestDaemon;
const start = async (settings = {}) => {
  appliance = await startTestDaemon({
    settings,
    prepare: ({ write, paths }) => write(paths.endpointConfiguration, '{"endpoints":["settings"]}'),
  });
};
beforeEach(async () => {
  await start();
  await installNetworkScript(
    'printf "%s " "$1"; . "$CONF"; echo "$hostname" >> "$JIDO_ADMIN_PATH/log/applied"',
  );
});
afterEach(() => appliance.stop());

const installNetworkScript = (body: string) =>
  writeScript(
    join(appliance.paths.bin, 'network.sh'),
    `set -e\nCONF=${appliance.paths.networkConf}\n${body}`,
  );
const send = (document: unknown) =>
  appliance
    .signed('POST', '/settings')
    .attach('settings', Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), 's');
const status = () => appliance.read(appliance.paths.settingsStatus);
const ended = () =>
  poll('the settings job ends', async () => {
    const text = (await status()).trim();
    return text !== 'running' && text;
  });
const change = async (document: unknown) => {
  const { status: code, text } = await send(document);
  expect([code, text]).toEqual([202, '{"Status":"202 Accepted","Location":"/api/v1/admin/settings"}']);
  return ended();
};
const refused = async (document: unknown) => {
  const { status: code, headers } = await send(document);
  return [code, headers['error-message']];
};
const files = async () => {
  const { appJson, networkJson, networkConf } = appliance.paths;
  return Promise.all([appJson, networkJson, networkConf].map((file) => appliance.read(file)));
};
const log = async () =>
  (await appliance.read(appliance.paths.settingsLog)).replace(/\[\d{10}\]\[SYSTEM\] /g, '');

test('static settings: three files with their modes, and network.sh has run', async () => {
  const network = { ...STATIC, dns1: '192.168.1.2', dns2: '8.8.8.8', ntpserver: 'pool.ntp.org', extra: [1] };
  expect(await change({ network, app: { name: 'testapp', port: 8080 } })).toBe('success');
  expect(await files()).toEqual([
    '{"name":"testapp","port":8080}\n',
    `${JSON.stringify({ mode: 'static', ...network })}\n`,
    'mode=static\ninterface=eth0\nip=192.168.1.100\nsubnet=255.255.255.0\nrouter=192.168.1.1\n' +
      'dns="192.168.1.2 8.8.8.8"\nhostname="test.host"\nntpserver="pool.ntp.org"\n',
  ]);
  const { appJson, networkJson, networkConf } = appliance.paths;
  for (const file of [appJson, networkJson, networkConf]) expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect(await appliance.read(join(appliance.paths.log, 'applied'))).toBe('test.host\n');
  expect(await log()).toBe('Updating settings. Please wait..\nUpdating settings successful\n');
  const shown = await appliance.signed('GET', '/settings');
  expect([shown.status, shown.headers['content-type'], shown.text]).toEqual([
    200,
    'application/json',
    JSON.stringify({ network: { mode: 'static', ...network }, app: { name: 'testapp', port: 8080 } }),
  ]);
  expect(await appliance.read(appliance.paths.auditLog)).toMatch(/,web,admin,settings\.post,"static"/);
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
});

test.each([
  ['no address', DHCP, 'mode=dhcp\ninterface=eth0\nhostname="test.host"\nntpserver=""\n'],
  [
    'a lacking gateway',
    { ...STATIC, gateway: '', ntpserver: 'ntp' },
    'mode=dhcp\ninterface=eth0\nhostname="test.host"\nntpserver="ntp"\n',
  ],
  [
    "a client's own mode",
    { mode: 'static', ...DHCP },
    'mode=dhcp\ninterface=eth0\nhostname="test.host"\nntpserver=""\n',
  ],
  [
    'an IPv6 address',
    { ...DHCP, ip_address: 'fd00::2', netmask: '/64', gateway: 'fd00::1', dns2: 'fd00::3' },
    'mode=static\ninterface=eth0\nip=fd00::2\nsubnet_ipv6=/64\nrouter=fd00::1\ndns=" fd00::3"\n' +
      'hostname="test.host"\nntpserver=""\n',
  ],
])('network.conf for %s', async (_case, network, conf) => {
  expect(await change({ network })).toBe('success');
  const [app, json = '', written] = await files();
  expect([app, written]).toEqual(['{}\n', conf]);
  expect(Object.keys(JSON.parse(json) as object)[0]).toBe('mode');
});

test('of duplicate keys the last counts, and app keeps its keys, prototype names included', async () => {
  const app = '{"a":1,"a":2,"__proto__":{"x":1},"constructor":3}';
  const network = '{"interface":"!","interface":"eth0","hostname":"test.host"}';
  expect(await change(`{"network":${network},"app":${app}}`)).toBe('success');
  expect((await files())[0]).toBe('{"a":2,"__proto__":{"x":1},"constructor":3}\n');
});

test('numbers are kept as they were sent, also where JavaScript has none like them', async () => {
  const app =
    '{"id":12345678901234567890,"least":-9007199254740993,"list":[1234567890123456789],"third":0.3333333333333333,' +
    '"text":"12345678901234567890, \\"12345678901234567890"}';
  const network = '"interface":"eth0","hostname":"test.host","metric":18446744073709551615';
  expect(await change(`{"network":{${network}},"app":${app}}`)).toBe('success');
  expect((await files()).slice(0, 2)).toEqual([`${app}\n`, `{"mode":"dhcp",${network}}\n`]);
  const shown = await appliance.signed('GET', '/settings');
  expect(shown.text).toBe(`{"network":{"mode":"dhcp",${network}},"app":${app}}`);
});

test('numbers of another form, or with more digits than a number has, are accepted', async () => {
  const app = '{"whole":1.0,"power":1e2,"pi":3.14159265358979323846,"large":1e300,"none":-0}';
  expect(await change(`{"network":${JSON.stringify(DHCP)},"app":${app}}`)).toBe('success');
  expect(JSON.parse((await files())[0] ?? '')).toEqual(JSON.parse(app.replace('-0', '0')));
});

test('a form without the file, or with text in its place: 400', async () => {
  const none = await appliance.signed('POST', '/settings').field('other', 'x');
  const text = await appliance.signed('POST', '/settings').field('settings', '/etc/passwd');
  expect([none.status, text.status]).toEqual([400, 400]);
});

test('should 404 unless both files exist and parse', async () => {
  const get = async () => (await appliance.signed('GET', '/settings')).status;
  const { appJson, networkJson } = appliance.paths;
  await appliance.write(networkJson, '{"mode":"dhcp"}');
  expect(await get()).toBe(404);
  for (const broken of ['{"a":', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`]) {
    await appliance.write(appJson, broken);
    expect(await get()).toBe(404);
  }
  await appliance.write(appJson, '{"a":1}');
  expect(await get()).toBe(200);
});

test.each([
  ['fails', '[ "$1" = dhcp ] || exit 3', 'network.sh ended with status 3'],
  ['is killed', '[ "$1" = dhcp ] || kill -9 $$', 'network.sh was ended by SIGKILL'],
  ['hangs', '[ "$1" = dhcp ] || sleep 1000', 'network.sh ran longer than 500 ms and was stopped'],
])(
  'network.sh %s: the previous files are back and the network is set up again',
  async (_case, body, reason) => {
    await appliance.stop();
    await start({ scriptTimeLimitMs: 500 });
    await installNetworkScript(`echo "$1" >> "$JIDO_ADMIN_PATH/log/applied"\n${body}`);
    expect(await change({ network: DHCP, app: { a: 1 } })).toBe('success');
    const before = await files();
    expect(await change({ network: STATIC, app: { a: 2 } })).toBe('failed');
    expect(await files()).toEqual(before);
    expect(await appliance.read(join(appliance.paths.log, 'applied'))).toBe('dhcp\nstatic\ndhcp\n');
    expect(await log()).toContain(`${reason}\nThe previous state was put back\n`);
    expect(await log()).toMatch(/\nInvalid or missing settings file\n$/);
    expect(await readdir(appliance.paths.journals)).toEqual([]);
    const etc = await readdir(appliance.paths.etc);
    expect(etc.filter((name) => name.startsWith('.'))).toEqual([]);
  },
);

describe('a network.sh that takes its runner down while the network is set up again', () => {
  const applied = () => appliance.read(join(appliance.paths.log, 'applied'));

  /** @param isHarmless a test of the shell of `$count`, the number of times that it was run */
  async function failWith(isHarmless: string): Promise<void> {
    await installNetworkScript(`
      echo "$1" >> "$JIDO_ADMIN_PATH/log/applied"
      [ "$1" = dhcp ] || exit 3
      count=$(wc -l < "$JIDO_ADMIN_PATH/log/applied")
      [ ${isHarmless} ] || kill -9 $PPID`);
    expect(await change({ network: DHCP })).toBe('success');
    const before = await files();
    expect(await change({ network: STATIC })).toBe('failed');
    await poll('the change is ended', async () => (await readdir(appliance.paths.journals)).length === 0);
    expect(await files()).toEqual(before);
  }

  test('once: it is set up once more', async () => {
    await failWith('"$count" -ne 3');
    expect(await applied()).toBe('dhcp\nstatic\ndhcp\ndhcp\n');
  });

  test('always: it is given up, and the next change works', async () => {
    await failWith('"$count" -lt 3');
    expect(await log()).toContain('but the machine does not follow it: that was cut off 3 times\n');
    expect(await applied()).toBe('dhcp\nstatic\ndhcp\ndhcp\ndhcp\n');
    await installNetworkScript('exit 0');
    expect(await change({ network: STATIC })).toBe('success');
  });
});

test('what cannot be put back is said once, and no change begins before it is put back', async () => {
  await installNetworkScript('[ "$1" = dhcp ] || { rm "$CONF"; mkdir "$CONF"; exit 1; }');
  expect(await change({ network: DHCP })).toBe('success');
  const before = await files();
  expect(await change({ network: STATIC })).toBe('failed');
  const failures = async () => (await log()).match(/\nPutting the previous state back failed: .*\n/g);
  expect(await failures()).toHaveLength(1);
  expect((await send({ network: DHCP })).status).toBe(500);
  expect(await failures()).toHaveLength(1);
  await rmdir(appliance.paths.networkConf);
  await poll('the files are back', async () => (await readdir(appliance.paths.journals)).length === 0);
  expect(await files()).toEqual(before);
  expect(await change({ network: { ...DHCP, hostname: 'other.host' } })).toBe('success');
});

test('a first change that fails leaves no file, and what network.sh printed is in the log', async () => {
  await installNetworkScript('echo no carrier; exit 1');
  expect(await change({ network: DHCP })).toBe('failed');
  expect((await appliance.signed('GET', '/settings')).status).toBe(404);
  expect((await log()).split('\n')).toEqual([
    'Updating settings. Please wait..',
    'no carrier',
    'network.sh ended with status 1',
    'The previous state was put back, but the machine does not follow it: there were no settings before',
    'Invalid or missing settings file',
    '',
  ]);
});

test('network.sh missing or not executable: failed, and the log says so', async () => {
  const script = join(appliance.paths.bin, 'network.sh');
  await chmod(script, 0o644);
  expect(await change({ network: DHCP })).toBe('failed');
  expect(await log()).toContain('network.sh is missing or not executable\n');
});

test('a second change while one runs: refused, and the first one succeeds', async () => {
  await installNetworkScript('while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do sleep 0.02; done');
  expect((await send({ network: DHCP })).status).toBe(202);
  expect(await refused({ network: STATIC })).toEqual([400, 'Settings is already running']);
  await writeFile(join(appliance.paths.log, 'go'), '');
  expect(await ended()).toBe('success');
  expect((await files())[2]).toContain('mode=dhcp\n');
});

test('the live image is saved after a change, where there is one', async () => {
  const { symlinktool } = appliance.paths;
  await writeScript(symlinktool, 'echo "$@" >> "$JIDO_ADMIN_PATH/log/saved"');
  expect(await change({ network: DHCP })).toBe('success');
  expect(await appliance.read(join(appliance.paths.log, 'saved'))).toContain('--create');
});

test('a shell that sources network.conf gets the values', async () => {
  expect(await change({ network: { ...STATIC, dns1: '1.1.1.1', dns2: '8.8.8.8' } })).toBe('success');
  const print = '. "$1"; printf "%s|" "$mode" "$ip" "$subnet" "$router" "$dns" "$hostname" "$ntpserver"';
  const output = execFileSync('sh', ['-euc', print, 'sh', appliance.paths.networkConf], { encoding: 'utf8' });
  expect(output).toBe('static|192.168.1.100|255.255.255.0|192.168.1.1|1.1.1.1 8.8.8.8|test.host||');
});
