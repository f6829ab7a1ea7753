import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { endpoints } from '../../../src/api/v1/index.js';
import { jobs } from '../../../src/jobs/index.js';
import { V1_PREFIX } from '../../../src/config/v1-prefix.js';
import { awaitSettled, readTold } from '../oracle/truth.js';
import type { Stand } from '../stand/stand.js';
import type { Trial } from '../stand/trial.js';
import type { Tool, Tools } from './tools.js';

/** A round while a tool is missing: it succeeds without it, or says that it is missing. */
export async function roundWithout(trial: Trial, tools: Tools, tool: Tool): Promise<void> {
  const { appliance } = trial.stand;
  const { job } = trial.subject;
  const { file } = jobs[job].log(appliance.paths);
  const before = (await readFile(file)).length;
  tools.take(tool);
  let isTaken = true;
  const mend = () => {
    if (isTaken) tools.giveBack(tool);
    isTaken = false;
  };
  await trial.faultedRound({
    moment: { afterMs: 0 },
    mend,
    async act() {
      await awaitSettled(job, appliance);
      const { status } = await readTold(job, appliance);
      if (status === 'success') return;
      const log = (await readFile(file)).subarray(before).toString();
      assert.match(log, new RegExp(`\\b${tool}\\b`), `a ${job} that failed names the tool that is missing`);
    },
  });
}

/** Every question is answered: with what is asked for, or by saying that there is none. */
export async function asksEverything(stand: Stand): Promise<void> {
  const questions = endpoints.filter(
    ({ method, acts, auth }) => method === 'GET' && acts !== true && auth === 'token',
  );
  for (const { path } of questions) {
    const { status, text } = await stand.daemon.call('get', path.slice(V1_PREFIX.length));
    assert.ok(status < 500, `${path} is answered, not with ${status}: ${text}`);
  }
}
