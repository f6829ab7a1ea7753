import { mkdir, open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDiskFull } from '../../../src/core/errors.js';

/** Takes what a file system has. */
export type Fill = (directory: string, left: number) => Promise<() => Promise<void>>;

const CHUNK_BYTES = 1024 * 1024;
const BLOCK_BYTES = 4096;

/**
 * Fills the file system of a directory, whatever else is written meanwhile.
 *
 * @param left bytes that stay free
 * @returns frees it
 */
export const fillBytes: Fill = async (directory, left) => {
  const file = join(directory, 'work-fill');
  const handle = await open(file, 'wx');
  try {
    for (const bytes of [CHUNK_BYTES, BLOCK_BYTES]) {
      await untilFull(() => handle.writeFile(Buffer.alloc(bytes)));
    }
    const { size } = await handle.stat();
    if (left > 0) await truncate(file, Math.max(0, size - left));
  } finally {
    await handle.close();
  }
  return () => rm(file, { force: true });
};

/** The same with files. @param left how many can still be made */
export const fillInodes: Fill = async (directory, left) => {
  const own = join(directory, 'work-inodes');
  await mkdir(own);
  let made = 0;
  await untilFull(async () => {
    await writeFile(join(own, String(made)), '');
    made += 1;
  });
  for (let number = Math.max(0, made - left); number < made; number += 1) await rm(join(own, String(number)));
  return () => rm(own, { recursive: true, force: true });
};

async function untilFull(write: () => Promise<void>): Promise<void> {
  try {
    for (;;) await write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}
