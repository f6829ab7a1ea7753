import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { poll } from '../support/poll.js';
import type { BenchAppliance } from './appliance.js';
import { jobStarter } from './jobs.js';

export interface LoadFiles {
  /** One whose upload lasts longer than the load. */
  readonly bulk: string;
  /** An update takes its package over. */
  readonly packages: readonly string[];
}

export interface Load {
  /** @throws Error when the load did not last until now, or a job of it failed */
  end(): Promise<void>;
}

/**
 * An upload to the daemon, and beside it updates and backups in turn: the two exclude each other, so that one follows at
 * the end of the other. Once the packages are used up, backups alone. Resolves when the first update runs.
 *
 * @param url the daemon
 */
export async function putUnderLoad(
  appliance: BenchAppliance,
  url: string,
  { bulk, packages }: LoadFiles,
): Promise<Load> {
  const target = url + appliance.signed('POST', '/backup/restore');
  const args = ['-sSk', '--limit-rate', RATE, '-o', '/dev/null', '-F', `archive=@${bulk}`, target];
  const start = jobStarter(appliance);
  // First: while an update runs, no restore may begin.
  const upload = spawn('curl', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const uploaded = once(upload, 'exit');
  await poll('the upload has begun', async () => (await readdir(appliance.paths.incoming)).length > 0);
  const over = new AbortController();
  const startTurn = (turn: number) => {
    const file = turn % 2 === 0 ? packages[turn / 2] : undefined;
    return file === undefined ? start('backup') : start('update', { field: 'update', file });
  };
  let { ended } = await startTurn(0);
  const work = async () => {
    for (let turn = 1; ; turn += 1) {
      await ended;
      if (over.signal.aborted) return;
      ({ ended } = await startTurn(turn));
    }
  };
  let fault: unknown;
  const jobs = work().catch((error: unknown) => (fault = error));
  return {
    async end() {
      over.abort();
      const isShort = upload.exitCode !== null;
      upload.kill('SIGKILL');
      await uploaded;
      await jobs;
      if (fault !== undefined) throw fault as Error;
      if (isShort) throw new Error('the upload ended before the load did');
    },
  };
}

/** What a network of a gigabit brings. */
const RATE = '110M';
