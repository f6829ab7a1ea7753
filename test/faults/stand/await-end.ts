import { lockOf } from '../../../src/jobs/acquire.js';
import { isLocked } from '../../../src/system/lock.js';
import { poll } from '../../support/poll.js';
import type { FaultedMoment } from './trial.js';

/**
 * Waits for the answer and for the end of the job, also of one that runs without a lock.
 *
 * @param told what the stand had printed before the job was asked for
 */
export async function awaitEnd({ stand, subject, answered }: FaultedMoment, told: string): Promise<void> {
  const { code = 500 } = await answered;
  const hasEnded = () => code >= 400 || stand.printed().slice(told.length).includes('"msg":"job ended"');
  const isHeld = () => isLocked(lockOf(subject.job, stand.appliance.paths));
  await poll('the job has ended', async () => hasEnded() && !(await isHeld()));
}
