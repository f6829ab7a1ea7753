import { stat } from 'node:fs/promises';
import { sleep } from '../core/clock.js';
import { ignoreMissing } from '../core/errors.js';
import { ignoreUnusable, openRegular } from '../core/read-only.js';

const POLL_MS = 100;
const CHUNK_BYTES = 64 * 1024;

/** Shows what a log gains from now on. */
export interface LogFollower {
  /** Writes new lines until `ended` settles, and what there is then. */
  showUntil<T>(ended: Promise<T>): Promise<T>;
}

export async function followLog(file: string, write: (text: Buffer) => void): Promise<LogFollower> {
  let offset = (await stat(file).catch(ignoreMissing))?.size ?? 0;

  const show = async (): Promise<void> => {
    const log = await openRegular(file).catch(ignoreMissing).catch(ignoreUnusable);
    if (!log) return;
    try {
      // A log that was cut meanwhile goes on from its end.
      offset = Math.min(offset, (await log.stat()).size);
      for (;;) {
        const { bytesRead, buffer } = await log.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
        if (bytesRead === 0) return;
        write(buffer.subarray(0, bytesRead));
        offset += bytesRead;
      }
    } finally {
      await log.close();
    }
  };

  return {
    async showUntil(ended) {
      const over = ended.then(
        () => true,
        () => true,
      );
      while (!(await Promise.race([over, sleep(POLL_MS).then(() => false)]))) await show();
      await show();
      return ended;
    },
  };
}
