import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ignoreMissing } from '../core/errors.js';
import { repeat } from '../core/repeat.js';
import { createTurns } from '../core/turns.js';
import type { JobLog } from '../records/job-log.js';
import { readTextFile } from '../system/atomic-file.js';
import { cutLog } from '../system/bounded-log.js';
import { openMakingDirectory } from '../system/open-making-directory.js';
import type { RecordedJob } from './job-records.js';

/**
 * The bound on what nobody else counts in a job's log: the output of a script whose runner was killed, and of a process
 * that a script left behind. It lies above where the last line of a runner ends, which each runner records, so that
 * whoever cuts the log there cuts none of these lines.
 */
export interface LogCeiling {
  /** The log, each line of which raises the ceiling. */
  raisedBy(log: JobLog): JobLog;
  /**
   * How much there is above where the last line of a runner ends, in multiples of what is kept; 0 where that is not known. Needs no
   * right to write.
   */
  excess(): Promise<number>;
  /** Cuts the log if there is more than is tolerated. For the runner, or where there is none that would. */
  readonly enforce: () => Promise<void>;
  /** Enforces the ceiling again and again meanwhile. */
  readonly enforcing: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What is kept beside what the settings allow a script: some lines of a service that a script has started. */
const ROOM_BYTES = 32 * 1024;
const DIGITS = 16;
/** The daemon reads it without any right, whatever umask the runner was started with. */
const MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const { O_RDWR, O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
/** What a link would lead to is not the product's to write. */
const WRITE = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOFOLLOW;

/** In multiples of what is kept: a process that goes on printing is seldom cut. */
export const TOLERATED_EXCESS = 2;

export function createLogCeiling({
  job,
  paths,
  settings,
}: Pick<RecordedJob, 'job' | 'paths' | 'settings'>): LogCeiling {
  const { file } = job.log(paths);
  const endFile = join(paths.logEnds, basename(file));
  const keptBytes = settings.scriptOutputLimitBytes + ROOM_BYTES;
  // A line must not be cut between its end and the record of that.
  const takeTurns = createTurns();

  const raise = async () => {
    const stats = await stat(file).catch(ignoreMissing);
    if (stats?.isFile() === true) await writeEnd(endFile, stats.size);
  };
  const raising = (write: (text: string) => Promise<void>) => (text: string) =>
    takeTurns(async () => {
      await write(text);
      // The disk is full, or read-only: the earlier record is followed.
      await raise().catch(() => undefined);
    });

  const cut = async () => {
    const endBytes = await readEnd(endFile);
    if (endBytes === undefined) return;
    const log = await open(file, O_RDWR | O_APPEND | O_NONBLOCK).catch(ignoreMissing);
    if (!log) return;
    try {
      const isCut = await cutLog(log, endBytes + TOLERATED_EXCESS * keptBytes, endBytes + keptBytes);
      if (isCut) await log.appendFile('\n[output cut]\n').catch(() => undefined);
    } finally {
      await log.close();
    }
  };
  const enforce = () => takeTurns(cut);

  return {
    raisedBy: (log) => ({
      ...log,
      line: raising((text) => log.line(text)),
      plain: raising((text) => log.plain(text)),
    }),
    async excess() {
      const stats = await stat(file).catch(ignoreMissing);
      if (stats?.isFile() !== true) return 0;
      const endBytes = await readEnd(endFile);
      return endBytes === undefined ? 0 : Math.max(0, stats.size - endBytes) / keptBytes;
    },
    enforce,
    async enforcing(work) {
      const stop = repeat(settings.settleIntervalMs, enforce, () => undefined);
      try {
        return await work();
      } finally {
        await stop();
      }
    },
  };
}

/**
 * @returns bytes; undefined where no runner has recorded any, where a power cut has damaged that, which no process has survived,
 *   and where it cannot be read: a log that is too long keeps no job from starting
 */
async function readEnd(file: string): Promise<number | undefined> {
  const text = (await readTextFile(file).catch(() => undefined)) ?? '';
  return /^\d+\n$/.test(text) ? Number(text) : undefined;
}

/** In place: each record is as long as the one before, and takes no space that a full disk would not have. */
async function writeEnd(file: string, bytes: number): Promise<void> {
  const handle = await openMakingDirectory(file, WRITE, MODE, DIRECTORY_MODE);
  try {
    const stats = await handle.stat();
    if (stats.isFile() && (stats.mode & 0o777) !== MODE) await handle.chmod(MODE);
    await handle.write(`${String(bytes).padStart(DIGITS, '0')}\n`, 0);
  } finally {
    await handle.close();
  }
}
