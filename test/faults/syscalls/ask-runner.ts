import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../../../src/config/paths.js';
import { readSettings } from '../../../src/config/settings.js';
import { isDoneWithin } from '../../../src/core/clock.js';
import { messageOf } from '../../../src/core/errors.js';
import { createLogger } from '../../../src/core/logger.js';
import { createUploadDirectory, removeUploadDirectory } from '../../../src/http/upload-directory.js';
import { jobs } from '../../../src/jobs/index.js';
import { launchRunner } from '../../../src/jobs/runner-process.js';
import { readsSuccess } from '../../../src/records/job-status.js';
import type { Stand } from '../stand/stand.js';
import type { Subject } from '../stand/subject.js';
import type { Answer, Files } from '../stand/trial.js';
import type { Call } from './calls.js';
import { startTracedRunner, type Injection } from './traced-runner.js';

/** Before its row is given up: what hangs is killed. */
const LIMIT_MS = 60_000;

/** Has a job run as the daemon would, by a runner that is traced. @param onCalls told of its calls at the end */
export async function askRunner(
  { appliance, take }: Stand,
  { job }: Subject,
  files: Files,
  injection: Injection | undefined,
  onCalls: (calls: readonly Call[]) => void,
): Promise<Answer> {
  const { root, paths } = appliance;
  const upload = await createUploadDirectory(paths.incoming, '0');
  // The bundle holds what the vendor's commands print, also when they fail.
  const followsScripts = job !== 'debug';
  const runner = await startTracedRunner({ injection, followsScripts, onLine: take });
  try {
    const inputs: Record<string, string> = {};
    for (const [field, file] of Object.entries(files)) {
      await copyFile(file, (inputs[field] = join(upload, basename(file))));
    }
    const settings = readSettings(paths.settings);
    const order = { run: job, inputs, root, adminPath: DEFAULT_ADMIN_PATH, settings };
    const isPublished = () => readsSuccess(jobs[job].status(paths));
    const logger = createLogger('silent');
    const answer = answerOf(launchRunner({ runner: runner.peer, order, isPublished, logger }));
    if (!(await isDoneWithin(answer, LIMIT_MS)))
      throw new Error(`it hung: no end after ${LIMIT_MS / 1000} s`);
    onCalls(await runner.calls());
    return await answer;
  } finally {
    await runner.close();
    await removeUploadDirectory(upload);
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
