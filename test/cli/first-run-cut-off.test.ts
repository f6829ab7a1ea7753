import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import request from 'supertest';
import { isDoneWithin } from '../../src/core/clock.js';
import { createAppliance, TOKEN, type TestAppliance } from '../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../support/daemon-process.js';
import { faultAt } from '../support/faulty-file.js';
import { poll } from '../support/poll.js';
import { admind } from './command-line.js';

let appliance: TestAppliance;
let daemon: DaemonProcess | undefined;
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  await appliance.write(appliance.paths.endpointConfiguration, '{"first-run":{"enabled":true}}');
  await appliance.write(appliance.paths.version, '1.0.0\n');
});
afterEach(async () => {
  await stop();
  await appliance.remove();
});

async function start(prefix: readonly string[] = []): Promise<void> {
  daemon = await startDaemonProcess(appliance, { prefix });
}

async function stop(): Promise<void> {
  if (daemon?.process.exitCode === null && daemon.process.signalCode === null) await daemon.kill('SIGTERM');
}

const url = () => `${daemon?.url ?? ''}/api/v1/admin`;
const setUp = (token: string, newToken: string) =>
  request(url()).post(`/setup?token=${token}`).field('newtoken', newToken).disableTLSCerts();
const version = (token: string) => request(url()).get(`/version?token=${token}`).disableTLSCerts();
const setupFile = () => appliance.read(appliance.paths.apiTokenSetup);
const shown = async () => {
  const { stdout } = await admind(['console-banner', '--root', appliance.root]);
  return /Set-up passphrase {4}(\S+)/.exec(stdout)?.[1];
};

/** Starts a first run. @returns its passphrase */
async function beginFirstRun(): Promise<string> {
  await start();
  await stop();
  return (await setupFile()).trim();
}

/** Of the token only `/setup` takes notice. */
async function expectWaiting(passphrase: string): Promise<void> {
  const { status, body } = await version(passphrase);
  expect([status, (body as Record<string, unknown>)['First-Run']]).toEqual([403, true]);
  expect(await shown()).toBe(passphrase);
  expect((await setUp(`${passphrase}x`, 'intruder')).status).toBe(403);
}

/** The token is good for everything, and no first run is shown. */
async function expectSet(token: string): Promise<void> {
  expect((await version(token)).status).toBe(200);
  expect((await version(`${token}x`)).body).toMatchObject({ 'First-Run': false });
  expect(await shown()).toBeUndefined();
}

/** Resets the token under a fault. */
async function reset(...prefix: readonly string[]) {
  const command = [...prefix, process.execPath, resolve('dist/cli.js'), 'token', 'reset'];
  const [program, ...args] = [...command, '--root', appliance.root];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { stdout, stderr, status: child.exitCode };
}

describe('a set-up with the passphrase', () => {
  test('waits still where it was cut off before the token', async () => {
    const passphrase = await beginFirstRun();
    await start(faultAt({ file: appliance.paths.apiToken, effect: 'SIGKILL' }));
    await expect(setUp(passphrase, 'mine')).rejects.toThrow();
    await start();
    await expectWaiting(passphrase);
    expect((await setUp(passphrase, 'mine')).status).toBe(200);
    await expectSet('mine');
  });

  test('is done where it was cut off after the token', async () => {
    const { paths } = appliance;
    const passphrase = await beginFirstRun();
    await start(faultAt({ file: paths.apiTokenSetup, effect: 'SIGKILL' }));
    await expect(setUp(passphrase, 'mine')).rejects.toThrow();
    expect(await setupFile()).toBe(`${passphrase}\n`);
    expect(await shown()).toBeUndefined();
    await start();
    await expectSet('mine');
    expect((await setUp(passphrase, 'intruder')).status).toBe(403);
    expect(await setupFile()).toBe('');
  });

  test('is done, and the log says so, where the passphrase cannot be removed', async () => {
    const passphrase = await beginFirstRun();
    await start(faultAt({ file: appliance.paths.apiTokenSetup, effect: 'ENOSPC' }));
    expect((await setUp(passphrase, 'mine')).status).toBe(200);
    expect(daemon?.output()).toContain('the passphrase of the first run could not be removed');
    await expectSet('mine');
    expect((await setUp('mine', 'next')).status).toBe(200);
    await expectSet('next');
  });

  test('is not done where the passphrase itself is the new token, and cannot be removed', async () => {
    const passphrase = await beginFirstRun();
    await start(faultAt({ file: appliance.paths.apiTokenSetup, effect: 'ENOSPC' }));
    expect((await setUp(passphrase, passphrase)).status).toBe(500);
    await expectWaiting(passphrase);
    await stop();
    await start();
    expect((await setUp(passphrase, passphrase)).status).toBe(200);
    await expectSet(passphrase);
  });
});

describe('a reset of the token', () => {
  test.each([
    ['cut off before the passphrase', 'apiTokenSetup', 'SIGKILL'],
    ['cut off before the token', 'apiToken', 'SIGKILL'],
    ['without space for the passphrase', 'apiTokenSetup', 'ENOSPC'],
    ['without space for the token', 'apiToken', 'ENOSPC'],
  ] as const)('%s changes nothing', async (_what, file, effect) => {
    await appliance.write(appliance.paths.apiToken, `${TOKEN}\n`);
    await start();
    const { stdout, status, stderr } = await reset(...faultAt({ file: appliance.paths[file], effect }));
    expect(stdout).toBe('');
    if (effect === 'ENOSPC') {
      expect(status).toBe(1);
      expect(stderr).toMatch(/^admind: ENOSPC/);
    }
    await expectSet(TOKEN);
    await stop();
    await start();
    await expectSet(TOKEN);
    expect(await setupFile().catch(() => '')).toBe('');
  });

  test('while a first run waits leaves it waiting where it was cut off', async () => {
    const passphrase = await beginFirstRun();
    await start();
    await reset(...faultAt({ file: appliance.paths.apiToken, effect: 'SIGKILL' }));
    await expectWaiting(passphrase);
    const [, next = ''] = /\n {2}(\S+)\n/.exec((await reset()).stdout) ?? [];
    await expectWaiting(next);
    expect((await setUp(passphrase, 'intruder')).status).toBe(403);
    expect((await setUp(next, 'mine')).status).toBe(200);
    await expectSet('mine');
  });
});

describe('a first run that begins', () => {
  test.each(['apiTokenSetup', 'apiToken'] as const)(
    'and was cut off before %s begins anew at the next start',
    async (file) => {
      const killer = faultAt({ file: appliance.paths[file], effect: 'SIGKILL' });
      await expect(start(killer)).rejects.toThrow('the daemon ended');
      await start();
      await poll('it is ready', () => setupFile());
      await expectWaiting((await setupFile()).trim());
    },
  );
});

describe('two processes at the same time', () => {
  /** Far more than it takes where nothing is waited for. */
  const AWHILE_MS = 3_000;

  let stopped: ChildProcess;
  afterEach(() => void stopped.kill('SIGKILL'));

  /** A process that stops before it replaces or creates the file. */
  async function startStopped(file: string, ...command: readonly string[]): Promise<void> {
    const product = [process.execPath, resolve('dist/cli.js'), ...command, '--root', appliance.root];
    const [program = '', ...args] = [...faultAt({ file, effect: 'SIGSTOP', nth: 1 }), ...product];
    stopped = spawn(program, args, { stdio: 'ignore' });
    await poll('it has stopped', () => {
      const stat = readFileSync(`/proc/${stopped.pid ?? 0}/stat`, 'utf8');
      return Promise.resolve(stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'));
    });
  }

  test('that begin a first run agree on the passphrase', async () => {
    await startStopped(appliance.paths.apiTokenSetup, 'serve', '--port', '0');
    const other = start();
    await isDoneWithin(other, AWHILE_MS);
    stopped.kill('SIGCONT');
    await other;
    await poll(
      'both are done',
      async () => (await setupFile()) === (await appliance.read(appliance.paths.apiToken)),
    );
    await expectWaiting((await setupFile()).trim());
  });

  test('that reset and set the token do it one after the other: who knew the old one is too late', async () => {
    await appliance.write(appliance.paths.apiToken, `${TOKEN}\n`);
    await start();
    await startStopped(appliance.paths.apiToken, 'token', 'reset');
    const set = setUp(TOKEN, 'mine').then(({ status }) => status);
    await isDoneWithin(set, AWHILE_MS);
    const exited = once(stopped, 'exit');
    stopped.kill('SIGCONT');
    expect([await set, await exited]).toEqual([403, [0, null]]);
    await expectWaiting((await setupFile()).trim());
  });
});
