import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from '../../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../../support/daemon-process.js';
import { openDescriptors } from '../../support/open-descriptors.js';
import { poll } from '../../support/poll.js';
import { writeScript } from '../../support/script-file.js';
import { heldLocks, listFiles, newFiles, processesOf, stagedFiles } from '../oracle/leftovers.js';
import { askAll, comparable, requireWellFormed, type Answer } from './requests.js';

/** A daemon that serves an appliance with something behind every endpoint, and what it answers when all is well. */
export interface Serving {
  readonly daemon: DaemonProcess;
  readonly pid: number;
  readonly appliance: TestAppliance;
  readonly expected: readonly Answer[];
  /** What may stay behind a fault: what the fault itself keeps from being removed or closed. */
  requireWell(may?: { readonly keepStaged?: boolean; readonly keepOpen?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export interface ServingOptions {
  readonly prefix: readonly string[];
}

/** Long before a client gives up. */
const CUT_OFF_MS = 10_000;
const RECOVERY_LIMIT_MS = 60_000;
const LOOK_AGAIN_MS = 200;

export async function startServing({ prefix }: ServingOptions): Promise<Serving> {
  const appliance = await createAppliance({
    logLevel: 'info',
    connectionLimit: 10_000,
    // Of a write that fails in a handshake or at its end Node tells nobody: its connection is cut off then.
    headersTimeoutMs: CUT_OFF_MS,
    idleTimeoutMs: CUT_OFF_MS,
  });
  await furnish(appliance);
  const daemon = await startDaemonProcess(appliance, { prefix });
  const pid = daemon.process.pid ?? 0;
  const stop = async () => {
    if (daemon.process.exitCode === null && daemon.process.signalCode === null) await daemon.kill('SIGKILL');
    await appliance.remove();
  };
  try {
    await poll('the daemon has written its health', () =>
      Promise.resolve(existsSync(appliance.paths.health)),
    );
    // The second round finds what the first one has left, as every other round will.
    await askAll(daemon.url);
    await isIdle(appliance, pid);
    const expected = await askAll(daemon.url);
    await isIdle(appliance, pid);
    const files = await listFiles(appliance);
    const descriptors = openDescriptors(pid);
    const requireWell: Serving['requireWell'] = async ({ keepStaged = false, keepOpen = false } = {}) => {
      await eventually(async () => {
        requireAlive(daemon);
        assert.deepEqual(comparable(await askAll(daemon.url)), comparable(expected));
      });
      await isIdle(appliance, pid);
      await eventually(async () => {
        assert.deepEqual(await newFiles(appliance, files), [], 'files are left');
        if (!keepStaged) assert.deepEqual(await stagedFiles(appliance), [], 'staged files are left');
        assert.deepEqual(await readdir(appliance.paths.incoming), [], 'an upload is left');
        if (!keepOpen) requireNotMore(openDescriptors(pid), descriptors);
      });
      assert.ok(!daemon.output().includes(TOKEN), 'the token is in the output');
    };
    return { daemon, pid, appliance, expected, requireWell, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks everything while something is wrong. */
export async function requireAnswers({ daemon, expected }: Serving): Promise<void> {
  requireWellFormed(await askAll(daemon.url), expected);
  requireAlive(daemon);
}

function requireAlive({ process: { exitCode, signalCode }, output }: DaemonProcess): void {
  const end = output().slice(-2000);
  assert.ok(exitCode === null && signalCode === null, `the daemon ended (${exitCode ?? signalCode}): ${end}`);
}

async function isIdle(appliance: TestAppliance, pid: number): Promise<void> {
  await eventually(async () => {
    assert.deepEqual(await heldLocks(appliance), [], 'locks are held');
    assert.deepEqual(await processesOf(appliance, [pid]), [], 'processes are left');
  });
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + RECOVERY_LIMIT_MS;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(LOOK_AGAIN_MS);
    }
  }
}

function requireNotMore(now: readonly string[], before: readonly string[]): void {
  assert.ok(
    now.length <= before.length,
    `descriptors are lost: ${now.join(' ')}\nbefore: ${before.join(' ')}`,
  );
}

async function furnish({ paths, write }: TestAppliance): Promise<void> {
  await write(paths.apiToken, TOKEN);
  await write(paths.endpointConfiguration, EVERYTHING);
  await write(paths.version, '1.0.0\n');
  await write(paths.changelog, 'A change\n');
  await write(paths.build, '{"build":1}');
  await write(paths.license, 'a licence');
  await writeScript(join(paths.bin, 'license.sh'), 'echo "{}"');
}
