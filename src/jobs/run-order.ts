import { appliancePaths } from '../config/paths.js';
import { createLogger } from '../core/logger.js';
import { openMessageChannel } from '../system/message-channel.js';
import type { JobOrder, RunnerSetup } from './runner-messages.js';
import { serveJob } from './serve-job.js';

const ORDER_LIMIT_BYTES = 1024 * 1024;
const LOG = 2;

/**
 * What a runner does: the one order on standard input. Messages travel over standard input and output, the log goes to
 * standard error.
 */
export async function runOrder(): Promise<void> {
  const { stdin: input, stdout: output } = process;
  const channel = openMessageChannel({ input, output, lineLimitBytes: ORDER_LIMIT_BYTES });
  const order = (await channel.receive()) as (JobOrder & RunnerSetup) | undefined;
  if (order) {
    const { root, adminPath, settings } = order;
    const logger = createLogger(settings.logLevel, LOG);
    await serveJob(order, { paths: appliancePaths(root, adminPath), settings, logger, channel });
    // A launcher that still listens would keep this process alive.
    input.destroy();
  } else {
    process.exitCode = 1;
  }
}
