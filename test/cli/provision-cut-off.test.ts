import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import request from 'supertest';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../support/daemon-process.js';
import { faultAt } from '../support/faulty-file.js';
import { admind } from './command-line.js';

let appliance: TestAppliance;
let daemon: DaemonProcess | undefined;
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  await appliance.write(appliance.paths.version, '1.0.0\n');
  daemon = undefined;
});
afterEach(async () => {
  await daemon?.kill('SIGTERM');
  await appliance.remove();
});

const put = (name: string, content: string) =>
  appliance.write(join(appliance.paths.provisionDirectory, name), content);
const putKernel = (content: string) =>
  appliance.write(join(appliance.root, 'proc/cmdline'), `admind.token=${content}\n`);
const provision = () => admind(['provision', '--root', appliance.root]);
const token = () => appliance.read(appliance.paths.apiToken);
const passphrase = async () => (await appliance.read(appliance.paths.apiTokenSetup)).trim();

async function provisionKilledAt(file: string): Promise<void> {
  const command = [...faultAt({ file, effect: 'SIGKILL' }), process.execPath, resolve('dist/cli.js')];
  const [program, ...args] = [...command, 'provision', '--root', appliance.root];
  expect(await once(spawn(program, args, { stdio: 'ignore' }), 'exit')).toEqual([null, 'SIGKILL']);
}

async function start(): Promise<void> {
  daemon = await startDaemonProcess(appliance);
}

/** @returns the status of a set-up, signed with that token if there is one */
async function setUp(newToken: string, signedWith = ''): Promise<number> {
  const call = request(`${daemon?.url ?? ''}/api/v1/admin`).post(`/setup?token=${signedWith}`);
  return (await call.field('newtoken', newToken).disableTLSCerts()).status;
}

describe.each([
  ['of an item', 'token.txt', () => put('token.txt', 'of-the-image')],
  ['of the kernel', 'admind.token', () => putKernel('of-the-image')],
])('a token %s', (_what, name, putToken) => {
  test('that was set by a run that was cut off does not undo what the administrator sets then', async () => {
    await putToken();
    await provisionKilledAt(join(appliance.paths.provisioned, name));
    expect(await token()).toBe('of-the-image\n');
    await start();
    expect(await setUp('of-the-administrator', 'of-the-image')).toBe(200);
    expect((await provision()).stdout).toBe(`${name} was applied by a run that was cut off\n`);
    expect(await token()).toBe('of-the-administrator\n');
    expect(await provision()).toMatchObject({ status: 0, stdout: '' });
  });

  test('that a run which was cut off has not set keeps the first set-up from strangers, and is set by the next', async () => {
    await putToken();
    await provisionKilledAt(appliance.paths.apiToken);
    await start();
    expect(await setUp('of-a-stranger')).toBe(403);
    expect(await token()).toBe(`${await passphrase()}\n`);
    expect((await provision()).stdout).toBe(`${name} was applied\n`);
    expect([await token(), await passphrase()]).toEqual(['of-the-image\n', '']);
  });

  test('that waits leaves the set-up to whoever knows the passphrase, and does not undo it', async () => {
    await putToken();
    await provisionKilledAt(appliance.paths.apiToken);
    await start();
    expect(await setUp('of-the-administrator', await passphrase())).toBe(200);
    expect((await provision()).status).toBe(0);
    expect(await token()).toBe('of-the-administrator\n');
  });
});

test('a token that cannot be applied keeps the first set-up from strangers, too', async () => {
  await put('token.txt', 'two words');
  expect((await provision()).status).toBe(1);
  await start();
  expect(await setUp('of-a-stranger')).toBe(403);
});

test('what is no token, or was applied, leaves the first set-up open', async () => {
  await put('50-settings.json', 'broken');
  await start();
  expect(await setUp('first')).toBe(200);
});

test('what a run that was killed has staged for its records is removed', async () => {
  const { paths } = appliance;
  await mkdir(paths.provisioned, { recursive: true });
  // As if they were from before the last boot.
  const suffix = `${'0'.repeat(28)}.new`;
  for (const file of [
    join(paths.state, `.ownership.json.${suffix}`),
    join(paths.provisioned, `..token.txt.${suffix}`),
  ]) {
    await writeFile(file, 'x');
    await utimes(file, 0, 0);
  }
  await start();
  const left = [...(await readdir(paths.state)), ...(await readdir(paths.provisioned))];
  expect(left.filter((name) => name.endsWith('.new'))).toEqual([]);
});
