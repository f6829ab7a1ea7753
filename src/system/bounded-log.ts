import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { NOT_REGULAR, UnusableFile } from '../core/read-only.js';
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
const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = constants;

/**
 * Opens `file` to append to it. Writers that are faster than the checks exceed the limit for a moment; a writer that
 * goes on after `close` is not bounded any more.
 */
export async function openBoundedLog(file: string, limitBytes: number): Promise<BoundedLog> {
  const log = await open(file, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, 0o644);
  const startBytes = await sizeOf(log, file).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
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

/** @throws UnusableFile for a pipe, whose writers would wait for a reader as soon as it is full */
async function sizeOf(log: FileHandle, file: string): Promise<number> {
  const stats = await log.stat();
  if (stats.isFIFO()) throw new UnusableFile(NOT_REGULAR, file);
  return stats.size;
}

/** @returns whether there was more than `mostBytes` in the log; then only the first `keptBytes` of it are left */
export async function cutLog(log: FileHandle, mostBytes: number, keptBytes = mostBytes): Promise<boolean> {
  if ((await log.stat()).size <= mostBytes) return false;
  await log.truncate(keptBytes);
  return true;
}

async function endLine(log: FileHandle, startBytes: number): Promise<void> {
  const { size } = await log.stat();
  if (size === startBytes) return;
  const { buffer } = await log.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer.toString() !== '\n') await log.appendFile('\n');
}
