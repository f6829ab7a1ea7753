import { join, normalize, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { appliancePaths, DEFAULT_ADMIN_PATH, type Paths } from './config/paths.js';
import { compileSchema } from './config/compile-schema.js';
import { readSettings } from './config/settings.js';
import { messageOf } from './core/errors.js';
import { createLogger } from './core/logger.js';
import { jobs } from './jobs/index.js';
import type { JobOrder } from './jobs/runner-messages.js';
import { serveJob } from './jobs/serve-job.js';
import type { OperationOrder } from './operations/operations.js';
import { createOwnOperations } from './operations/own.js';
import { serveOperation } from './operations/serve-operation.js';
import { openMessageChannel, type MessageChannel } from './system/message-channel.js';

const ORDER_LIMIT_BYTES = 16 * 1024;
const ORDER_WAIT_MS = 10_000;
const LOG = 2;

const { stdin: input, env } = process;
const isOrder = compileSchema<JobOrder | OperationOrder>('order');

/**
 * What the privileged side does: one order of the daemon, which arrives on standard input. It takes from its environment,
 * never from the order, which appliance it works on and with what settings, and checks whatever the order names.
 * `config/order.schema.json` says everything that it accepts.
 */
export async function serveOrder(): Promise<void> {
  const channel = openMessageChannel({ input, output: process.stdout, lineLimitBytes: ORDER_LIMIT_BYTES });
  try {
    const { values } = parseArgs({ options: { root: { type: 'string' }, peer: { type: 'string' } } });
    const paths = appliancePaths(values.root, env.JIDO_ADMIN_PATH || DEFAULT_ADMIN_PATH);
    const requester = readRequester(values.peer);
    const order = requireAllowed(await receiveInTime(channel), paths);
    const settings = readSettings(paths.settings);
    const logger = createLogger(settings.logLevel, LOG);
    if ('operation' in order) {
      const operations = createOwnOperations({ paths, settings, logger });
      await serveOperation(order, operations, { channel, logger });
    } else {
      await serveJob(order, { paths, settings, logger, channel, requester });
    }
  } catch (error) {
    // Who asks is answered also where no log can be written.
    process.stderr.on('error', () => undefined);
    process.stderr.write(`admind: order refused: ${messageOf(error)}\n`);
    await channel.send({ report: 'error', message: `order refused: ${messageOf(error)}` });
    process.exitCode = 1;
  }
  // A daemon that still listens would keep this process alive.
  input.destroy();
}

/**
 * The user who asks.
 *
 * @param peer of a connection, as systemd names its instance: `<number>-<pid>-<uid>`, the latter two from the kernel
 */
function readRequester(peer: string | undefined): number {
  const uid = peer === undefined ? env.SUDO_UID : /^\d+-\d+-(\d+)$/.exec(peer)?.[1];
  if (uid === undefined || !/^\d+$/.test(uid)) throw new Error('it is not known who asks');
  return Number(uid);
}

async function receiveInTime(from: MessageChannel): Promise<unknown> {
  const timer = setTimeout(() => input.destroy(), ORDER_WAIT_MS);
  try {
    return await from.receive();
  } finally {
    clearTimeout(timer);
  }
}

function requireAllowed(order: unknown, paths: Paths): JobOrder | OperationOrder {
  if (order === undefined) throw new Error('there was none');
  if (!isOrder(order)) throw new Error('it is none of those in config/order.schema.json');
  if (!('run' in order)) return order;
  const fields = Object.keys(jobs[order.run].inputs?.(paths) ?? {});
  for (const [field, file] of Object.entries(order.inputs)) {
    if (!fields.includes(field)) throw new Error(`${order.run} has no such input`);
    if (!isReceived(file, paths)) throw new Error(`an input lies outside ${paths.incoming}`);
  }
  return order;
}

/** Whether it names a file of one request; that there is such a file, and whose, is seen when it is opened. */
function isReceived(file: string, { incoming }: Paths): boolean {
  const parts = file.slice(incoming.length + 1).split(sep);
  return (
    file === normalize(file) &&
    file === join(incoming, ...parts) &&
    parts.length === 2 &&
    !parts.includes('..')
  );
}
