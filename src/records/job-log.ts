import { ignoreMissing, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { ignoreUnusable, openRegular } from '../core/read-only.js';
import { appendToFile } from '../system/append-file.js';
import { syncFile } from '../system/atomic-file.js';
import { epochSeconds } from '../core/clock.js';

/** A job's log for operators: `[<epoch seconds>][<TYPE>] <text>` lines, appended. */
export interface JobLog {
  readonly file: string;
  line(text: string): Promise<void>;
  /** A line without the prefix. */
  plain(text: string): Promise<void>;
  /** Puts what was written on the disk, if that is possible. */
  sync(): Promise<void>;
}

/** A line that cannot be written goes to the daemon's log: a full disk does not change how a job ends. */
export function createJobLog(
  file: string,
  applianceType: string,
  logger: Pick<Logger, 'error'>,
  mode = 0o644,
): JobLog {
  const plain = (text: string) =>
    appendToFile(file, `${text}\n`, mode).catch((error: unknown) => {
      logger.error({ file, line: text, reason: messageOf(error) }, 'a log line could not be written');
    });
  return {
    file,
    plain,
    line: (text) => plain(`[${epochSeconds()}][${applianceType}] ${text}`),
    sync: () => syncFile(file).catch(() => undefined),
  };
}

const TAIL_LIMIT_BYTES = 64 * 1024;

/**
 * The end of a log in the API's form: at most `count` lines, each newline as the two characters `\` and `n`.
 * Undefined where there is no log, or something else. Lines beyond the last 64 KiB are left out.
 */
export async function readLogTail(file: string, count: number): Promise<string | undefined> {
  const text = await readEnd(file);
  if (text === undefined) return undefined;
  const ended = text.endsWith('\n');
  const lines = (ended ? text.slice(0, -1) : text).split('\n').slice(-count);
  return lines.join('\\n') + (ended ? '\\n' : '');
}

async function readEnd(file: string): Promise<string | undefined> {
  const handle = await openRegular(file).catch(ignoreMissing).catch(ignoreUnusable);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_LIMIT_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
