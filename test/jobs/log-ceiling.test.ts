import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { createJobLauncher } from '../../src/jobs/launcher.js';
import { updateJob } from '../../src/jobs/update.js';
import { readJobStatus, writeJobStatus } from '../../src/records/job-status.js';
import { spawnPeer } from '../../src/system/peer.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { startTestDaemon } from '../support/daemon.js';
import { killIfAlive } from '../support/kill-if-alive.js';
import { makeAppendOnly } from '../support/immutable.js';
import { ownParts } from '../support/own-parts.js';
import { poll } from '../support/poll.js';
import { testWithImmutable } from '../support/test-with-immutable.js';
import { testWithUnreadable, UNREADABLE } from '../support/unreadable-file.js';
import { makePackage } from '../support/update-package.js';

const LIMIT = 10_000;
const SETTINGS = { scriptOutputLimitBytes: LIMIT, settleIntervalMs: 50 };
/** Of what no runner counts, beyond the last line of a runner. */
const KEPT = LIMIT + 32 * 1024;
/** Far more than is printed between two looks. */
const WITHOUT_BOUND = 100_000_000;
const SUCCESS = { status: 'success', percentage: 100 };
const LINE = '0123456789012345678901234567890123456789';
/** Prints until it is let go. */
const PRINT = `while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do echo "${LINE}"; done\n`;

/** An appliance that is administered. */
interface Served extends TestAppliance {
  update(script: string): Promise<void>;
  stop(): Promise<void>;
}

async function serveSandbox(): Promise<Served> {
  const daemon = await startTestDaemon({ settings: SETTINGS });
  return {
    ...daemon,
    async update(script) {
      const packageFile = await makePackage(daemon, { 'update.sh': script });
      const { status: code } = await daemon.signed('POST', '/update').attach('update', packageFile);
      expect(code).toBe(202);
    },
  };
}

/** Each order is one to a process of the privileged side, as where the daemon has no rights. */
async function servePrivileged(): Promise<Served> {
  const appliance = await createAppliance(SETTINGS);
  const { paths, root } = appliance;
  const requester = `SUDO_UID=${process.getuid?.() ?? 0}`;
  const launcher = createJobLauncher({
    ...ownParts(paths),
    adminPath: DEFAULT_ADMIN_PATH,
    runnerOutput: 'ignore',
    openPrivileged: () =>
      spawnPeer(
        ['/usr/bin/env', requester, process.execPath, resolve('dist/privileged.js'), '--root', root],
        'ignore',
      ),
  });
  const stopWatching = await launcher.watch();
  let count = 0;
  return {
    ...appliance,
    async update(script) {
      const file = join(paths.incoming, String((count += 1)), 'update');
      await mkdir(dirname(file));
      await copyFile(await makePackage(appliance, { 'update.sh': script }), file);
      await launcher.start('update', { update: file });
    },
    async stop() {
      await stopWatching();
      await appliance.remove();
    },
  };
}

describe.each([
  ['in a sandbox', serveSandbox],
  ['by the privileged side', servePrivileged],
])('output that no runner counts stays bounded, %s,', (_where, serve) => {
  let appliance: Served;
  beforeEach(async () => {
    appliance = await serve();
  });
  afterEach(async () => {
    await letGo();
    // It would not find the file any more once the appliance is removed, and print for ever.
    for (const name of ['left', 'script']) {
      if (existsSync(inLog(name))) killIfAlive(await pidIn(name));
    }
    await appliance.stop();
  });

  const inLog = (name: string) => join(appliance.paths.log, name);
  const letGo = () => writeFile(inLog('go'), '');
  const log = () => appliance.read(appliance.paths.updateLog);
  const status = async () => (await readJobStatus(updateJob.status(appliance.paths))).fields;
  const ended = async () => {
    await poll('the update ends', async () => (await status()).status !== 'running');
    return status();
  };
  const pidIn = async (name: string) => {
    await poll(`${name} is written`, () => Promise.resolve(existsSync(inLog(name))));
    return Number(await appliance.read(inLog(name)));
  };
  const writePid = (pid: string, name: string) =>
    `echo ${pid} >"$JIDO_ADMIN_PATH/log/${name}.new"; mv "$JIDO_ADMIN_PATH/log/${name}.new" "$JIDO_ADMIN_PATH/log/${name}"`;

  /** Grows beyond the bound and is cut, again and again. */
  const expectCuts = async () => {
    for (let cuts = 0, last = 0; cuts < 3;) {
      const { size } = await stat(appliance.paths.updateLog);
      if (size < last) {
        cuts += 1;
        expect(size).toBeGreaterThanOrEqual(KEPT);
      }
      last = size;
      expect(size).toBeLessThan(WITHOUT_BOUND);
      await new Promise(setImmediate);
    }
  };

  testWithUnreadable('where its end cannot be read, a job starts nevertheless', async () => {
    const { paths } = appliance;
    await appliance.write(paths.updateLog, 'a line\n');
    await mkdir(paths.logEnds);
    await symlink(UNREADABLE, join(paths.logEnds, basename(paths.updateLog)));
    await appliance.update('exit 0\n');
    expect(await ended()).toEqual(SUCCESS);
  });

  testWithImmutable('where a log cannot be cut, its job is settled and starts nevertheless', async () => {
    const { paths } = appliance;
    await appliance.write(paths.updateLog, `${LINE}\n`.repeat((3 * KEPT) / LINE.length));
    const { size } = await stat(paths.updateLog);
    const restore = makeAppendOnly(paths.updateLog);
    try {
      await appliance.write(join(paths.logEnds, basename(paths.updateLog)), '0000000000000000\n');
      await writeJobStatus(updateJob.status(paths), 'running');
      expect(await ended()).toMatchObject({ status: 'failed' });
      expect(await log()).toMatch(/Update was cut off before it ended\n/);
      await appliance.write(join(paths.logEnds, basename(paths.updateLog)), '0000000000000000\n');
      await appliance.update('exit 0\n');
      expect(await ended()).toEqual(SUCCESS);
      expect((await stat(paths.updateLog)).size).toBeGreaterThan(size);
    } finally {
      restore();
    }
  });

  test('of a script whose runner is stopped', async () => {
    await appliance.update(`${writePid('$$', 'script')}; ${writePid('$PPID', 'runner')}; ${PRINT}`);
    const runner = await pidIn('runner');
    process.kill(runner, 'SIGSTOP');
    try {
      await expectCuts();
      expect(await status()).toMatchObject({ status: 'running' });
    } finally {
      process.kill(runner, 'SIGCONT');
    }
    await letGo();
    expect(await ended()).toEqual(SUCCESS);
    expect(await log()).toMatch(/\] Update successful\n$/);
  });

  test('of a script whose runner was killed', async () => {
    await appliance.update(`${writePid('$$', 'script')}; ${writePid('$PPID', 'runner')}; ${PRINT}`);
    const runner = await pidIn('runner');
    expect(runner).toBeGreaterThan(1);
    process.kill(runner, 'SIGKILL');
    await expectCuts();
    await letGo();
    expect(await ended()).toMatchObject({ status: 'failed' });
    expect(await log()).toMatch(/\] Updating system\. Please wait\.\.\nStarting update at: .*\n/);
    expect(await log()).toMatch(/Update was cut off before it ended\n.*\n.*Failed updating system[^\n]*\n$/);
  });

  test('of a process that update.sh left behind, and the lines of the next update are whole', async () => {
    await appliance.update(`(${PRINT}) & ${writePid('$!', 'left')}\n`);
    expect(await ended()).toEqual(SUCCESS);
    const left = await pidIn('left');
    await expectCuts();
    await appliance.update('exit 0\n');
    expect(await ended()).toEqual(SUCCESS);
    await expectCuts();
    await letGo();
    await poll('it has ended', () => Promise.resolve(!existsSync(`/proc/${left}`)));
    expect((await log()).match(/\] (Updating system\. Please wait\.\.|Update successful)\n/g)).toHaveLength(
      4,
    );
  });

  test('of a process that was left behind while its runner goes on', async () => {
    const { symlinktool } = appliance.paths;
    await appliance.write(symlinktool, `#!/bin/sh\nwhile ! [ -e '${inLog('save')}' ]; do sleep 0.05; done\n`);
    await chmod(symlinktool, 0o755);
    await appliance.update(`(${PRINT}) & ${writePid('$!', 'left')}\n`);
    await poll('update.sh has ended', async () => (await status()).percentage === 80);
    await expectCuts();
    expect(await status()).toMatchObject({ status: 'running' });
    await writeFile(inLog('save'), '');
    expect(await ended()).toEqual(SUCCESS);
    await letGo();
    expect(await log()).toMatch(/\] Update successful\n/);
  });
});
