import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ignoreMissing } from '../../../src/core/errors.js';
import { createAppliance } from '../../support/appliance.js';
import type { FileFault } from './corpus/file-faults.js';
import { filePart, head, postParts, signed } from './corpus/request.js';
import { exchangeRaw, parseAnswers, show } from './raw-http.js';
import { furnish } from './stand.js';
import { isRunning, startWatchedDaemon, type WatchedDaemon } from './watched-daemon.js';

const GETS = [
  'version',
  'changelog',
  'build',
  'health',
  'update',
  'update/log',
  'settings',
  'storage',
  'certs',
  'license',
  'backup',
  'backup/log',
  'backup/download',
  'logs',
  'debug',
  'services',
  'endpoints',
];
const SETTINGS = JSON.stringify({ network: { interface: 'eth0', hostname: 'appliance' } });
const STACK = /^\s+at .+[:)]|"stack":/m;
const MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024;

/**
 * Starts a daemon where one file is not what it should be, asks it for everything, has it run a job and stops it.
 *
 * @throws where it hangs, shows a stack, ends without naming the file, or does not recover when the file is as before
 */
export async function tryFile(
  pick: (paths: Parameters<typeof furnish>[0]['paths']) => string,
  fault: FileFault,
): Promise<void> {
  const appliance = await createAppliance({
    logLevel: 'info',
    setupPauseMs: 0,
    healthIntervalMs: 200,
    certificateCheckIntervalMs: 200,
  });
  try {
    await furnish(appliance);
    const file = pick(appliance.paths);
    const kept = join(appliance.root, 'kept');
    await mkdir(dirname(file), { recursive: true });
    await rename(file, kept).catch(ignoreMissing);
    fault.put(file, contentOf(kept));
    await liveWith(appliance.root, file);
    await rm(file, { recursive: true, force: true });
    await rename(kept, file).catch(ignoreMissing);
    const mended = await startWatchedDaemon(appliance.root);
    assert(isRunning(mended), `it does not start when ${file} is mended:\n${outputOf(mended)}`);
    try {
      assert.equal(await ask(mended, 'version'), 200, 'it does not recover');
      assert.equal(await runJob(mended), 202, 'no job runs when the file is mended');
    } finally {
      assert.equal(await mended.stop(), 0, 'it does not stop');
    }
  } finally {
    await appliance.remove();
  }
}

async function liveWith(root: string, file: string): Promise<void> {
  const daemon = await startWatchedDaemon(root);
  if (!isRunning(daemon)) {
    const { status, output } = daemon;
    assert.equal(status, 1, `it ends with status ${String(status)}:\n${output}`);
    assert(!STACK.test(output), `it ends with a stack:\n${output}`);
    const last = output.trim().split('\n').at(-1) ?? '';
    assert(last.includes(basename(file)), `it does not say which file is at fault: ${show(last)}`);
    return;
  }
  try {
    for (const path of GETS) await ask(daemon, path);
    await runJob(daemon);
    assert(daemon.isAlive(), 'the daemon has ended');
    assert(daemon.memoryBytes() < MEMORY_LIMIT_BYTES, `it takes ${daemon.memoryBytes()} bytes`);
  } finally {
    const status = await daemon.stop();
    assert.equal(
      status,
      0,
      `it does not stop, but ends with ${String(status)}:\n${daemon.output().slice(-3_000)}`,
    );
    assert(!STACK.test(daemon.output()), `it shows a stack:\n${daemon.faults().join('\n')}`);
  }
}

/** @returns the status of the answer; undefined where the connection was closed without one */
async function ask({ port }: WatchedDaemon, path: string): Promise<number | undefined> {
  const request = head(`GET ${signed('GET', `/${path}`)}`, 'Connection: close');
  const bytes = await exchangeRaw(port, { chunks: [Buffer.from(request)], staysOpen: true }).catch(
    (error: unknown) => {
      throw new Error(`GET ${path}: ${String(error)}`, { cause: error });
    },
  );
  return parseAnswers(bytes)[0]?.status;
}

async function runJob({ port }: WatchedDaemon): Promise<number | undefined> {
  const bytes = await exchangeRaw(port, { chunks: [postParts('/settings', filePart('settings', SETTINGS))] });
  return parseAnswers(bytes)[0]?.status;
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.from('{"status":"running","percentage":30}\n');
  }
}

function outputOf(daemon: object): string {
  return 'output' in daemon && typeof daemon.output === 'string' ? daemon.output : '';
}
