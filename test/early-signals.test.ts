import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterShell } from './support/after-shell.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from './support/appliance.js';
import { startDaemonProcess } from './support/daemon-process.js';
import { faultAt } from './support/faulty-file.js';
import { poll } from './support/poll.js';

const HOOK = pathToFileURL(resolve('test/support/signal-at-load.mjs')).href;
const SIGNALS = ['SIGHUP', 'SIGUSR1'] as const;

const signalAtLoad = (signal: string) => ['env', `NODE_OPTIONS=--import ${HOOK}`, `LOAD_SIGNAL=${signal}`];

describe.each(['jobs/runner.js', 'privileged.js'])('%s', (program) => {
  test.each(SIGNALS)('%s while it is loaded does nothing', async (signal) => {
    const [env = '', ...args] = signalAtLoad(signal);
    const child = spawn(env, [...args, process.execPath, resolve('dist', program)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [[status, end], complaint] = await Promise.all([
      once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
      text(child.stderr),
    ]);
    // It misses its order.
    expect([status, end]).toEqual([1, null]);
    expect(complaint).not.toContain('Debugger');
  });
});

describe('SIGHUP to a daemon that starts', () => {
  let appliance: TestAppliance;
  beforeEach(async () => {
    appliance = await createAppliance({ logLevel: 'info' });
  });
  afterEach(() => appliance.remove());

  test('does nothing while it is being loaded', async () => {
    const daemon = await startDaemonProcess(appliance, { prefix: signalAtLoad('SIGHUP') });
    await daemon.kill('SIGTERM');
    expect(daemon.process.exitCode).toBe(0);
  });

  test('reloads what it had read by then', async () => {
    const { root, paths, read, write } = appliance;
    const pidFile = join(root, 'pid');
    await write(paths.apiToken, TOKEN);
    const starting = startDaemonProcess(appliance, {
      prefix: [
        ...faultAt({ file: paths.tlsBundle, effect: 'SIGSTOP', nth: 1 }),
        ...afterShell(`echo $$ >'${pidFile}'`),
      ],
    });
    const pid = Number(
      await poll('it is started', async () => (await read(pidFile).catch(() => '')).trim() || false),
    );
    await poll('it has stopped', async () => (await read(`/proc/${pid}/stat`)).includes(') T '));
    await write(paths.endpointConfiguration, EVERYTHING);
    process.kill(pid, 'SIGHUP');
    process.kill(pid, 'SIGCONT');
    const daemon = await starting;
    try {
      await poll('it has read the configuration again', async () =>
        (await daemon.call('get', '/endpoints')).text.includes('/settings'),
      );
    } finally {
      await daemon.kill('SIGTERM');
    }
  });
});
