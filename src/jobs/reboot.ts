import { isDoneWithin } from '../core/clock.js';
import { describeFailure } from '../system/script.js';
import { runApplianceScript } from './appliance-script.js';
import { JobFailure, type Job, type JobContext, type JobSuccess } from './job.js';

/** What a client that takes its answer slowly may hold the reboot up. */
const ANSWER_LIMIT_MS = 5_000;

/**
 * Saves the live image, where there is one, then reboots once the client has its answer. State that cannot be saved
 * would be lost, so the machine stays up then. Used by: GET /api/v1/admin/reboot.
 */
export const rebootJob: Job = {
  name: 'reboot',
  title: 'Reboot',
  stages: { start: 10, save: 30, answer: 80 },
  texts: {
    started: () => 'Rebooting. Please wait..',
    succeeded: () => 'Reboot started',
    failed: () => 'Reboot failed',
  },
  needsNoSpace: true,
  isRemedy: true,
  status: ({ rebootStatus }) => ({ text: rebootStatus }),
  log: ({ rebootLog }) => ({ file: rebootLog, mode: 0o644 }),
  staged: () => [],
  run,
};

async function run(context: JobContext): Promise<JobSuccess> {
  await context.stage('save');
  await runApplianceScript(context, 'save-image.sh', [], 'symlinktool.sh');
  await context.stage('answer');
  if (!(await isDoneWithin(context.answered, ANSWER_LIMIT_MS))) {
    await context.log.line('The client did not take its answer in time');
  }
  return { afterwards: () => reboot(context) };
}

/** Its success is published by now: after this there may be nobody left to do that. */
async function reboot(context: JobContext): Promise<void> {
  context.signal.throwIfAborted();
  const result = await context.runScript('reboot.sh', [], { timeoutMs: 0 });
  // A signal is the machine going down.
  if (result.signal !== undefined) return;
  const failure = describeFailure(result);
  if (failure !== undefined) throw new JobFailure({ message: `reboot.sh ${failure}` });
}
