import { collectLogs } from './collect-logs.js';
import type { Job } from './job.js';
import { publishFile } from './publish-file.js';
import { requireInstalled } from './require-installed.js';

/** Makes `logs.tar.gz`. Used by: GET /api/v1/admin/logs. */
export const logsJob: Job = {
  name: 'logs',
  title: 'Log archive',
  stages: { start: 10, collect: 30 },
  texts: {
    started: () => 'Generating compressed logs.tar.gz. Please wait..',
    succeeded: () => 'Generated logs successful',
    failed: () => 'Invalid or missing log file',
    unexpected: { message: 'The logs could not be collected' },
  },
  status: (paths) => ({ text: paths.logsStatus }),
  log: (paths) => ({ file: paths.logsLog, mode: 0o644 }),
  staged: ({ logsStaging }) => [logsStaging],
  async run(context) {
    const { logsList, logsArchive, logsStaging } = context.paths;
    await requireInstalled(logsList);
    await context.stage('collect');
    await publishFile(context, logsArchive, logsStaging, await collectLogs(context));
    return undefined;
  },
};
