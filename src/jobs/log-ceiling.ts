import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ignoreMissing, isUnwritable, messageOf } from '../core/errors.js';
import { repeat } from '../core/repeat.js';
import { createTurns } from '../core/turns.js';
import type { JobLog } from '../records/job-log.js';
import { cutLog } from '../system/bounded-log.js';
import type { RecordedJob } from './job-records.js';
import { readLogEnd, writeLogEnd } from './log-end.js';

/**
 * The bound on what nobody else counts in a job's log: the output of a script whose runner was killed, and of a process
 * that a script left behind. It lies above where the last line of a runner ends, which each runner records, so that
 * whoever cuts the log there cuts none of these lines.
 */
export interface LogCeiling {
  /** The log, each line of which raises the ceiling. */
  raisedBy(log: JobLog): JobLog;
  /**
   * How much there is above where the last line of a runner ends, in multiples of what is kept; 0 where that is not known.
   * Needs no right to write.
   */
  excess(): Promise<number>;
  /** Cuts the log if there is more than is tolerated. For the runner, or where there is none that would. */
  readonly enforce: () => Promise<void>;
  /** Enforces the ceiling again and again meanwhile. */
  readonly enforcing: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What is kept beside what the settings allow a script: some lines of a service that a script has started. */
const ROOM_BYTES = 32 * 1024;
const { O_RDWR, O_APPEND, O_NONBLOCK } = constants;

/** In multiples of what is kept: a process that goes on printing is seldom cut. */
export const TOLERATED_EXCESS = 2;

export function createLogCeiling({ job, paths, settings, logger }: RecordedJob): LogCeiling {
  const { file } = job.log(paths);
  const endFile = join(paths.logEnds, basename(file));
  const keptBytes = settings.scriptOutputLimitBytes + ROOM_BYTES;
  // A line must not be cut between its end and the record of that.
  const takeTurns = createTurns();

  let isTold = false;
  const tellOnce = (error: unknown) => {
    // Where the disk takes nothing, the earlier record is followed.
    if (isTold || isUnwritable(error)) return;
    isTold = true;
    logger.error({ job: job.name, reason: messageOf(error) }, 'where a log ends could not be recorded');
  };

  const raise = async () => {
    const stats = await stat(file).catch(ignoreMissing);
    if (stats?.isFile() === true) await writeLogEnd(endFile, stats.size);
  };
  const raising = (write: (text: string) => Promise<void>) => (text: string) =>
    takeTurns(async () => {
      await write(text);
      await raise().catch(tellOnce);
    });

  const cut = async () => {
    const endBytes = await readLogEnd(endFile);
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
      const endBytes = await readLogEnd(endFile);
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
