import type { JobName } from '../../../src/jobs/index.js';
import { jobsOf } from '../jobs-of.js';
import type { Extent, Group, Row } from '../row.js';
import { createTrials } from '../stand/trials.js';
import { asksEverything, roundWithout } from '../toolless/rounds.js';
import { createTools, lacksTools, MINIMUM, type Tool } from '../toolless/tools.js';

export const toolless: Group = {
  name: 'toolless',
  about:
    'no openssl, tar, gzip, ps, systemctl, bash, …: all jobs and answers need a dozen tools of busybox at most',
  isByJob: true,
  lacks: lacksTools,
  async *rows(extent) {
    for (const job of jobsOf(extent, ['logs', 'settings'])) yield* rowsOf(job, extent);
  },
};

async function* rowsOf(job: JobName, { isShort, product }: Extent): AsyncGenerator<Row> {
  const tools = createTools();
  const trials = createTrials(job, { prefix: tools.prefix, product });
  const missing: readonly Tool[] = isShort ? ['sh', 'tr'] : MINIMUM;
  try {
    yield {
      name: `${job}, with the least that there can be`,
      run: () => trials.use((trial) => trial.plainRound()),
    };
    yield { name: `${job}, answers there`, run: () => trials.use(({ stand }) => asksEverything(stand)) };
    for (const tool of missing) {
      const run = () => trials.use((trial) => roundWithout(trial, tools, tool));
      yield { name: `${job}, without ${tool}, too`, run };
    }
    const blind = () =>
      trials.use(async ({ stand }) => {
        tools.take('sh');
        await asksEverything(stand).finally(() => tools.giveBack('sh'));
      });
    yield { name: `${job}, answers without sh, too`, run: blind };
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
    tools.remove();
  }
}
