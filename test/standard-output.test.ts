import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import request from 'supertest';
import { createAppliance, TOKEN } from './support/appliance.js';
import { poll } from './support/poll.js';
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
