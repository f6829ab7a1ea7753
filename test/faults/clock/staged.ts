import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { killIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import type { Verdict } from '../row.js';
import type { Point } from '../stand/point.js';
import { roundStoppedAt } from '../stand/point.js';
import type { FaultedMoment, Trial } from '../stand/trial.js';
import type { Clock } from './clock.js';

const YEAR_S = 365 * 86_400;

const WHILE_WRITING: Point = {
  name: 'while it writes a file',
  watch: ({ stand: { appliance } }) => ({ isThere: () => stagedIn(appliance.paths.etc).length > 0 }),
};

/** A daemon starts while a job writes, and the clock was put a year on: what is half-written only looks old. */
export function keepsFileOfLivingWriter(trial: Trial, clock: Clock): Promise<Verdict> {
  return roundStoppedAt(trial, WHILE_WRITING, async (at) => {
    const { etc } = at.stand.appliance.paths;
    const staged = stagedIn(etc);
    clock.set(YEAR_S);
    await at.stand.restart();
    assert.deepEqual(stagedIn(etc), staged, 'what a job is writing must stay');
    return true;
  });
}

/** The writer was killed, and the clock put a year back: what it left only looks as if it were to come. */
export function removesFileOfDeadWriter(trial: Trial, clock: Clock): Promise<Verdict> {
  return roundStoppedAt(trial, WHILE_WRITING, async (at) => {
    await killRunner(at);
    clock.set(-YEAR_S);
    await at.stand.restart();
    assert.deepEqual(stagedIn(at.stand.appliance.paths.etc), [], 'what a killed job has left must go');
    return true;
  });
}

async function killRunner({ runner, stand: { daemon } }: FaultedMoment): Promise<void> {
  await daemon.kill('SIGKILL');
  killIfAlive(runner);
  await poll('the runner is gone', () => {
    try {
      process.kill(runner, 0);
      return Promise.resolve(false);
    } catch {
      return Promise.resolve(true);
    }
  });
}

/** But for what the daemon writes at times of its own. */
function stagedIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => /^\.(?!health\.json\.).*\.new$/.test(name));
}
