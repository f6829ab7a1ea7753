import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { poll } from '../support/poll.js';
import type { BenchAppliance } from './appliance.js';
import { timeJob } from './jobs.js';

export interface Load {
  /** @throws Error when the load did not last until now, or a job of it failed */
  end(): Promise<void>;
}

/**
 * An upload to the daemon, and beside it updates and backups in turn: the two exclude each other, so one of them runs at
 * any time.
 *
 * @param url the daemon
 * @param bulk a file whose upload lasts longer than the load
 */
export async function putUnderLoad(
  appliance: BenchAppliance,
  { url, bulk, packageFile }: { readonly url: string; readonly bulk: string; readonly packageFile: string },
): Promise<Load> {
  const target = url + appliance.signed('POST', '/backup/restore');
  const args = ['-sSk', '--limit-rate', RATE, '-o', '/dev/null', '-F', `archive=@${bulk}`, target];
  const upload = spawn('curl', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const uploaded = once(upload, 'exit');
  await poll('the upload has begun', async () => (await readdir(appliance.paths.incoming)).length > 0);
  const over = new AbortController();
  const work = async () => {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      if (turn % 2 === 0) await timeJob(appliance, 'update', { field: 'update', file: packageFile });
      else await timeJob(appliance, 'backup');
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
