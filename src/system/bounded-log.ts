import { open, type FileHandle } from 'node:fs/promises';
import { repeat } from '../core/repeat.js';

/** A log that other processes write to directly, through `fd`, and that grows by a bounded number of bytes. */
export interface BoundedLog {
  readonly fd: number;
  /**
   * Cuts what is too much, ends the last line, closes. What cannot be done to a log is no error.
   *
   * @returns whether something was cut
   */
  close(): Promise<boolean>;
}

const CHECK_MS = 100;

/**
 * Opens `file` to append to it. Writers that are faster than the checks exceed the limit for a moment; a writer that
 * goes on after `close` is not bounded any more.
 */
export async function openBoundedLog(file: string, limitBytes: number): Promise<BoundedLog> {
  const log = await open(file, 'a+', 0o644);
  const startBytes = (await log.stat()).size;
  let isCut = false;
  const keepLimit = async () => {
    if (await cutLog(log, startBytes + limitBytes)) isCut = true;
  };
  const stopChecking = repeat(CHECK_MS, keepLimit, () => undefined);
  const end = async () => {
    await keepLimit();
    if (isCut) await log.appendFile(`\n[output cut after ${limitBytes} bytes]\n`);
    else await endLine(log, startBytes);
  };
  return {
    fd: log.fd,
    async close() {
      await stopChecking();
      await end().catch(() => undefined);
      await log.close();
      return isCut;
    },
  };
}

/** @returns whether there was more than `mostBytes` in the log, which is gone now */
export async function cutLog(log: FileHandle, mostBytes: number): Promise<boolean> {
  if ((await log.stat()).size <= mostBytes) return false;
  await log.truncate(mostBytes);
  return true;
}

async function endLine(log: FileHandle, startBytes: number): Promise<void> {
  const { size } = await log.stat();
  if (size === startBytes) return;
  const { buffer } = await log.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer.toString() !== '\n') await log.appendFile('\n');
}
