import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { journalOf } from '../../src/config/paths.js';
import type request from 'supertest';
import { sleep } from '../../src/core/clock.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { jobs, type JobName } from '../../src/jobs/index.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { isLocked } from '../../src/system/lock.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from './appliance.js';
import { startDaemonProcess, type DaemonProcess } from './daemon-process.js';
import { poll } from './poll.js';
import { runnerOf } from './running-job.js';

/** Rounds of each campaign: a few by default, `ADMIND_CAMPAIGN=100` for a hundred. */
export const CAMPAIGN_ROUNDS = Number(process.env.ADMIND_CAMPAIGN ?? 4);

/** A job that is killed at random moments: each round makes a state of its own. */
export interface Campaign {
  readonly job: JobName;
  /** False: what a script has done before the job was cut off stays. */
  readonly isUndone?: boolean;
  prepare(appliance: TestAppliance): Promise<void>;
  /** Asks for the job that brings about the state of this round. */
  start(
    daemon: DaemonProcess,
    round: number,
    appliance: TestAppliance,
  ): request.Test | Promise<request.Response>;
  /** The round whose state the appliance is in, 0 for that of `prepare`. Throws when it is torn. */
  state(appliance: TestAppliance): Promise<number>;
}

/**
 * Kills daemon and runner in turn, at random moments. After each: the state is the old one or the new one, the status
 * says which, nothing is left behind, and the next job starts.
 */
export async function runCampaign({ job, isUndone = true, prepare, start, state }: Campaign): Promise<void> {
  const appliance = await createAppliance({ logLevel: 'info' });
  const { paths } = appliance;
  await appliance.write(paths.apiToken, TOKEN);
  await appliance.write(paths.endpointConfiguration, EVERYTHING);
  await prepare(appliance);
  let daemon = await startDaemonProcess(appliance);
  const lock = lockOf(job, paths);
  const status = async () => (await readJobStatus(jobs[job].status(paths))).fields.status;
  const settled = () =>
    poll(`${job} is settled`, async () => {
      const isOver = !(await isLocked(lock)) && (await status()) !== 'running';
      // A change whose success is published may still have to be closed.
      return isOver && !existsSync(journalOf(paths, job));
    });
  try {
    let longestMs = 0;
    let current = 0;
    for (let round = 1; round <= CAMPAIGN_ROUNDS + 2; round += 1) {
      // The first tells how long a job takes, the last that it works after all.
      const isKilled = round > 1 && round <= CAMPAIGN_ROUNDS + 1;
      const began = performance.now();
      let isAnswered = false;
      const answer = Promise.resolve(start(daemon, round, appliance))
        .then(({ status: code }) => code)
        .catch(() => undefined)
        .finally(() => (isAnswered = true));
      if (isKilled) {
        const runner = await poll(
          'a runner holds the lock',
          async () => (await runnerOf(job, paths)) ?? (isAnswered && 0),
        );
        await sleep(Math.random() * longestMs);
        if (round % 2 === 0) killIfAlive(runner);
        else {
          await daemon.kill('SIGKILL');
          daemon = await startDaemonProcess(appliance);
        }
      }
      const code = await answer;
      await settled();
      if (!isKilled) longestMs = Math.max(longestMs, performance.now() - began);
      const reached = await state(appliance);
      const outcome = await status();
      const told = `round ${round}, answer ${code}, status ${String(outcome)}`;
      expect([told, reached]).toEqual([told, reached === round ? round : current]);
      // Without an answer the job may never have begun, and the status is that of an earlier round.
      const isTold = code !== undefined && code < 300 && (isUndone || outcome === 'success');
      if (isTold) expect([told, reached === round]).toEqual([told, outcome === 'success']);
      if (!isKilled) expect([told, reached]).toEqual([told, round]);
      current = reached;
    }
    await daemon.kill('SIGKILL');
    daemon = await startDaemonProcess(appliance);
    for (const directory of [paths.journals, paths.etc, dirname(paths.networkConf), paths.uploads]) {
      expect((await readdir(directory)).filter((name) => /^\.(?!.*\.new$)/.test(name))).toEqual([]);
    }
  } finally {
    await daemon.kill('SIGTERM');
    await poll('no runner is left', async () => !(await isLocked(lock)));
    await appliance.remove();
  }
}

function killIfAlive(pid: number): void {
  if (pid === 0) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
