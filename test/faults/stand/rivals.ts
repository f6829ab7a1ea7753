import assert from 'node:assert/strict';
import type { JobName } from '../../../src/jobs/index.js';
import type { DaemonProcess } from '../../support/daemon-process.js';
import { ask } from './ask.js';
import type { Answer, FaultedMoment } from './trial.js';

/** Jobs whose result serves everyone who asks while they run: a second request waits, and is not refused. */
const SHARED: ReadonlySet<JobName> = new Set(['logs', 'debug']);

/** Requests for the job that is held up, by several daemons; none of them may run it beside the first one. */
export interface Rivals {
  /** Every daemon is asked; returns when those that refuse have done so. */
  ask(): Promise<void>;
  /** Once the first job goes on: asks that the others were refused, or have waited and were served. */
  requireOne(): Promise<void>;
}

export function createRivals(at: FaultedMoment, daemons: readonly DaemonProcess[]): Rivals {
  const { stand, subject, runner, files } = at;
  const { job } = subject;
  const beside: string[] = [];
  const answers: Promise<Answer>[] = [];
  const forget = stand.onStage((event) => {
    if (event.job === job && event.pid !== runner) beside.push(event.stage);
  });
  return {
    async ask() {
      const asked = daemons.map((daemon) => ask({ daemon }, subject, files));
      answers.push(...asked);
      if (!SHARED.has(job)) await Promise.all(asked);
    },
    async requireOne() {
      forget();
      const others = [...beside];
      const expected = SHARED.has(job) ? 200 : 400;
      for (const { code, text } of await Promise.all(answers)) {
        assert.equal(code, expected, `a second ${job} beside the first one is answered ${expected}: ${text}`);
      }
      assert.deepEqual(others, [], `a second ${job} must not run beside the first one`);
    },
  };
}

/** A second daemon on the appliance, for as long as `act` lasts. */
export async function withSecondDaemon<T>(
  { stand }: FaultedMoment,
  act: (daemon: DaemonProcess) => Promise<T>,
): Promise<T> {
  const daemon = await stand.startSecond();
  try {
    return await act(daemon);
  } finally {
    await daemon.kill('SIGTERM');
  }
}
