import { write, writeSync } from 'node:fs';
import { errnoOf } from './errors.js';

/** Where log lines go, each with its newline. */
export interface LogStream {
  write(line: string): void;
}

const UNWRITTEN_LIMIT_BYTES = 1024 * 1024;
/** For a pipe that takes nothing at the moment. */
const BUSY_PAUSE_MS = 100;
/** What comes up to so long after a write is written together: each one costs two changes of thread. */
const GATHER_MS = 10;
/** How often such a pipe is tried at the end of the process. */
const BUSY_TRIES_AT_EXIT = 10;

/**
 * Writes beside the event loop: a pipe that nobody reads delays and then loses lines, and does not stop the process at its
 * work. Lines that cannot be written, on a full disk or because the reader has gone, are lost, and the next ones are tried
 * all the same. Unlike pino's own destination, which ends the process then, or tries for ever at its end.
 */
export function createLogStream(fd: number): LogStream {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  /** What a pipe did not take. */
  let held: Buffer = Buffer.alloc(0);

  const take = (): Buffer => {
    const batch = Buffer.from(waiting.join(''));
    [waiting, waitingBytes] = [[], 0];
    return batch;
  };
  const writeBatch = (batch: Buffer, isBegun: boolean) => {
    write(fd, batch, (error, written) => {
      if (error && isBusy(error)) {
        held = batch;
        setTimeout(writeHeld, BUSY_PAUSE_MS, isBegun).unref();
      } else if (written > 0 && written < batch.length) {
        writeBatch(batch.subarray(written), true);
      } else {
        // Half a line was written before the rest of it was lost.
        if (error && isBegun) waiting.unshift('\n');
        setTimeout(writeNext, GATHER_MS).unref();
      }
    });
  };
  const writeHeld = (isBegun: boolean) => {
    const batch = held;
    held = Buffer.alloc(0);
    writeBatch(batch, isBegun);
  };
  const writeNext = () => {
    isWriting = waitingBytes > 0;
    if (isWriting) writeBatch(take(), false);
  };
  writeAtExit(() => writeNow(fd, Buffer.concat([held, take()])));
  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      if (waitingBytes + bytes > UNWRITTEN_LIMIT_BYTES) return;
      waiting.push(line);
      waitingBytes += bytes;
      if (!isWriting) writeNext();
    },
  };
}

const atExit: (() => void)[] = [];

function writeAtExit(writeRest: () => void): void {
  if (atExit.length === 0) process.once('exit', () => atExit.forEach((act) => act()));
  atExit.push(writeRest);
}

function writeNow(fd: number, batch: Buffer): void {
  let rest = batch;
  for (let tries = 0; rest.length > 0 && tries < BUSY_TRIES_AT_EXIT;) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!isBusy(error)) return;
      tries += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  return errnoOf(error) === 'EAGAIN';
}
