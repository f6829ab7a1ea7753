import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import request from 'supertest';
import { createAppliance, TOKEN } from './support/appliance.js';
import { freePort } from './support/free-port.js';
import { poll } from './support/poll.js';
import { buildProgram } from './support/program.js';
import { testWith } from './support/tools.js';

testWith('mkfifo')('a daemon whose output nobody reads goes on answering', async () => {
  const appliance = await createAppliance({ logLevel: 'info' });
  await appliance.write(appliance.paths.apiToken, TOKEN);
  await appliance.write(appliance.paths.version, '1.0.0\n');
  const fifo = join(appliance.root, 'output');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY);
  const daemon = spawn(
    process.execPath,
    [resolve('dist/cli.js'), 'serve', '--root', appliance.root, '--port', '0'],
    { stdio: ['ignore', writer, 'inherit'] },
  );
  try {
    const port = await poll('the daemon listens', () =>
      Promise.resolve(/"port":(\d+)/.exec(readAll(reader))?.[1]),
    );
    fill(reader);
    for (let count = 0; count < 20; count += 1) {
      const { status } = await request(`https://127.0.0.1:${port}`)
        .get(`/api/v1/admin/version?token=${TOKEN}`)
        .disableTLSCerts();
      expect(status).toBe(200);
    }
    const exited = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    let text = '';
    await poll('its lines come when they are read', () => {
      text += readAll(reader);
      return Promise.resolve(text.includes('"msg":"stopped"'));
    });
    await exited;
    expect(daemon.exitCode).toBe(0);
  } finally {
    daemon.kill('SIGKILL');
    for (const descriptor of [reader, writer]) closeSync(descriptor);
    await appliance.remove();
  }
});

describe.each([
  ['cannot be written', () => openSync('/dev/full', 'w')],
  ['is read by nobody any more', () => 'pipe' as const],
])('a daemon whose output %s', (_what, open) => {
  test('starts, answers, runs jobs and stops', async () => {
    const appliance = await createAppliance({ logLevel: 'debug' });
    await appliance.write(appliance.paths.apiToken, TOKEN);
    const port = await freePort();
    const output = open();
    const daemon: ChildProcess = spawn(
      process.execPath,
      [resolve('dist/cli.js'), 'serve', '--root', appliance.root, '--port', String(port)],
      { stdio: ['ignore', output, 'inherit'] },
    );
    daemon.stdout?.destroy();
    if (typeof output === 'number') closeSync(output);
    const call = (method: 'get' | 'post', path: string) =>
      request(`https://127.0.0.1:${port}`)[method](`/api/v1/admin${path}?token=${TOKEN}`).disableTLSCerts();
    try {
      await poll('it answers', () =>
        call('get', '/endpoints').then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
      for (let count = 0; count < 20; count += 1) expect((await call('get', '/endpoints')).status).toBe(200);
      expect((await call('get', '/reboot')).status).toBe(202);
      const record = join(appliance.paths.data, 'reboot.state');
      await poll('the job has run', () => Promise.resolve(existsSync(record)));
      await poll('its runner has ended', () => Promise.resolve(runnersOf(daemon).length === 0));
      const exited = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await exited;
      expect(daemon.exitCode).toBe(0);
    } finally {
      daemon.kill('SIGKILL');
      await appliance.remove();
    }
  });
});

test.each([
  ['cannot be written', 'exec "$@" >/dev/full'],
  ['is read by nobody any more', 'exec "$@" | :'],
])('a process whose first lines are those at its end, in an output that %s, ends', (_what, run) => {
  const lines = `
    import { createLogger } from './core/logger.js';
    const logger = createLogger('info');
    for (let line = 0; line < 3; line += 1) logger.info('ending');
    process.exit(0);
  `;
  const work = mkdtempSync(join(tmpdir(), 'admind-output-'));
  try {
    const program = join(work, 'program.mjs');
    buildProgram(lines, program);
    const { status, signal, stderr } = spawnSync('/bin/sh', ['-c', run, 'sh', process.execPath, program], {
      timeout: 20_000,
      encoding: 'utf8',
    });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  } finally {
    rmSync(work, { recursive: true });
  }
});

/** The processes that it has started and that still run. */
function runnersOf({ pid }: ChildProcess): readonly string[] {
  const children = readFileSync(`/proc/${pid ?? 0}/task/${pid ?? 0}/children`, 'utf8');
  return children.split(' ').filter((child) => child !== '');
}

/** What is in the pipe now. */
function readAll(descriptor: number): string {
  const buffer = Buffer.alloc(1024 * 1024);
  try {
    return buffer.toString('utf8', 0, readSync(descriptor, buffer));
  } catch {
    return '';
  }
}

function fill(descriptor: number): void {
  try {
    for (;;) writeSync(descriptor, '\n');
  } catch {
    // EAGAIN: not one more byte fits.
  }
}
