import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { productPath, type Paths } from '../../../src/config/paths.js';
import { signRequest } from '../../../src/auth/credential.js';
import { lockOf } from '../../../src/jobs/acquire.js';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import { isLocked } from '../../../src/system/lock.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';
import { exchangeRaw, parseAnswers } from './raw-http.js';
import { isRunning, startWatchedDaemon, type WatchedDaemon } from './watched-daemon.js';

/** Text that stands for a secret in what is sent: it must come out nowhere. */
export const SECRET = 'hunter2-must-not-be-seen';

/** One appliance with everything on it, and its daemon: made for many rows, made anew after one that was lost. */
export interface Stand extends TestAppliance {
  readonly daemon: WatchedDaemon;
  /** One line for each thing on the appliance whose state matters; logs, locks and the status of jobs are left out. */
  state(): readonly string[];
  /** Resolves when no job runs and nothing that was received is left. */
  settle(): Promise<void>;
  /** Another client's request. @throws where it is not answered promptly */
  probe(): Promise<void>;
  remove(): Promise<void>;
}

/** Short, so that a row ends soon whose client only waits. */
const LIMITS = {
  headersTimeoutMs: 6_000,
  idleTimeoutMs: 6_000,
  keepAliveTimeoutMs: 1_000,
  shutdownGraceMs: 1_000,
  licenseTimeLimitMs: 5_000,
  uploadLimitBytes: 8 * 1024 * 1024,
};
const SETTLE_LIMIT_MS = 40_000;
/** Of a processor, while a request and the probe are answered: a daemon that takes more keeps everyone waiting. */
const PROBE_LIMIT_MS = 2_500;
const PROBE_PATH = '/api/v1/admin/version';

export async function createStand(settings: Readonly<Record<string, unknown>> = {}): Promise<Stand> {
  const appliance = await createAppliance({
    ...{ logLevel: 'debug', setupPauseMs: 0, healthIntervalMs: 0, certificateCheckIntervalMs: 1_000 },
    ...LIMITS,
    ...settings,
  });
  try {
    await furnish(appliance);
    const daemon = await startWatchedDaemon(appliance.root);
    assert(isRunning(daemon), 'the daemon of the stand does not start');
    return {
      ...appliance,
      daemon,
      state: () => stateOf(appliance),
      settle: () => settle(appliance.paths),
      probe: () => probe(daemon),
      async remove() {
        await daemon.stop();
        await appliance.remove();
      },
    };
  } catch (error) {
    await appliance.remove();
    throw error;
  }
}

/** Gives an appliance the vendor's side of a sandbox: scripts, lists, services. */
export async function furnish({ paths, root, write }: TestAppliance): Promise<void> {
  const sandbox = productPath('config/sandbox');
  await cp(join(sandbox, 'admin'), paths.admin, { recursive: true });
  await cp(join(sandbox, 'local'), join(root, 'usr/local/etc'), { recursive: true });
  await cp(join(sandbox, 'data'), paths.data, { recursive: true });
  await write(paths.endpointConfiguration, EVERYTHING);
  await write(paths.apiToken, `${TOKEN}\n`);
}

/** The query that signs a request of the stand's token. */
export function signature(method: string, path: string): string {
  return `hash=${signRequest(TOKEN, `${method}${path}`)}`;
}

async function probe({ port, processorMs }: WatchedDaemon): Promise<void> {
  const began = processorMs();
  const head = `GET ${PROBE_PATH}?${signature('GET', PROBE_PATH)} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n`;
  const [answer] = parseAnswers(await exchangeRaw(port, { chunks: [Buffer.from(head)], staysOpen: true }));
  const tookMs = processorMs() - began;
  assert.equal(answer?.status, 200, 'another client is not served');
  assert(tookMs < PROBE_LIMIT_MS, `until another client was served, the daemon worked for ${tookMs} ms`);
}

async function settle(paths: Paths): Promise<void> {
  await poll(
    'no job runs',
    async () => {
      for (const name of Object.keys(jobs) as JobName[]) {
        if (await isLocked(lockOf(name, paths))) return false;
      }
      return true;
    },
    SETTLE_LIMIT_MS,
  );
  await poll(
    'nothing that was received is left',
    async () => {
      const left = await Promise.all([paths.incoming, paths.taken].map((directory) => readdir(directory)));
      return left.flat().length === 0;
    },
    SETTLE_LIMIT_MS,
  );
}

function stateOf({ root, paths }: TestAppliance): readonly string[] {
  const statuses = Object.values(jobs).flatMap((job): unknown[] => Object.values(job.status(paths)));
  const leftOut = statuses.filter((file): file is string => typeof file === 'string');
  return describe(root, [paths.log, paths.locks, ...leftOut]);
}

function describe(path: string, leftOut: readonly string[]): string[] {
  if (leftOut.includes(path)) return [];
  const stats = lstatSync(path);
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isSymbolicLink()) return [`${path} -> ${readlinkSync(path)}`];
  if (stats.isDirectory()) {
    const names = readdirSync(path).sort();
    return [`${path}/ ${mode}`, ...names.flatMap((name) => describe(join(path, name), leftOut))];
  }
  const hash = stats.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'special';
  return [`${path} ${mode} ${stats.size} ${hash.slice(0, 16)}`];
}
