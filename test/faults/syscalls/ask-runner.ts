import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../../../src/config/paths.js';
import { readSettings } from '../../../src/config/settings.js';
import { isDoneWithin } from '../../../src/core/clock.js';
import { messageOf } from '../../../src/core/errors.js';
import { createLogger } from '../../../src/core/logger.js';
import { removeUploadDirectory } from '../../../src/http/upload-directory.js';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import type { JobOrder } from '../../../src/jobs/runner-messages.js';
import { launchRunner } from '../../../src/jobs/runner-process.js';
import { readsSuccess } from '../../../src/records/job-status.js';
import type { Stand } from '../stand/stand.js';
import type { Subject } from '../stand/subject.js';
import type { Answer, Files } from '../stand/trial.js';
import type { Call } from './calls.js';
import { startTracedRunner, type Injection } from './traced-runner.js';

/** Before its row is given up: what hangs is killed. */
const LIMIT_MS = 60_000;
/** As of a daemon of another boot: where the power is cut, the next one removes it. */
const UPLOAD = '.upload-1--0-0';

/** Has a job run as the daemon would, by a runner that is traced. @param onCalls told of its calls at the end */
export async function askRunner(
  stand: Stand,
  { job }: Subject,
  files: Files,
  injections: readonly Injection[],
  onCalls: (calls: readonly Call[]) => void,
): Promise<Answer> {
  const upload = join(stand.appliance.paths.incoming, UPLOAD);
  await mkdir(upload, { mode: 0o700 });
  try {
    const inputs: Record<string, string> = {};
    for (const [field, file] of Object.entries(files)) {
      await copyFile(file, (inputs[field] = join(upload, basename(file))));
    }
    const { answer, calls } = await orderRunner(stand, job, { run: job, inputs }, injections);
    onCalls(calls);
    return answer;
  } finally {
    await removeUploadDirectory(upload);
  }
}

/** Puts right what was left of a job that was cut off, as the daemon would, by a runner that is traced. @returns its calls */
export async function settleByRunner(
  stand: Stand,
  job: JobName,
  injections: readonly Injection[],
): Promise<readonly Call[]> {
  return (await orderRunner(stand, job, { settle: job }, injections)).calls;
}

interface Ordered {
  readonly answer: Answer;
  readonly calls: readonly Call[];
}

async function orderRunner(
  { appliance: { root, paths }, product, take }: Stand,
  job: JobName,
  order: JobOrder,
  injections: readonly Injection[],
): Promise<Ordered> {
  // The bundle holds what the vendor's commands print, also when they fail.
  const followsScripts = job !== 'debug';
  const runner = await startTracedRunner({ product, injections, followsScripts, onLine: take });
  try {
    const settings = readSettings(paths.settings);
    const isPublished = () => readsSuccess(jobs[job].status(paths));
    const setup = { root, adminPath: DEFAULT_ADMIN_PATH, settings };
    const logger = createLogger('silent');
    const answer = answerOf(
      launchRunner({ runner: runner.peer, order: { ...order, ...setup }, isPublished, logger }),
    );
    if (!(await isDoneWithin(answer, LIMIT_MS)))
      throw new Error(`it hung: no end after ${LIMIT_MS / 1000} s`);
    return { calls: await runner.calls(), answer: await answer };
  } finally {
    await runner.close();
  }
}

/** As the API answers. */
async function answerOf(launching: ReturnType<typeof launchRunner>): Promise<Answer> {
  try {
    const launched = await launching;
    if (launched.state === 'refused') return { code: 400, text: `${launched.by} is running` };
    launched.job.answer();
    const outcome = await launched.job.ended;
    return { code: outcome.state === 'success' ? 200 : 202, text: JSON.stringify(outcome) };
  } catch (error) {
    return { code: 500, text: messageOf(error) };
  }
}
