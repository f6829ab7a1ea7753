import { gzipSync } from 'node:zlib';
import { createArchiveTrials } from '../../hostile/archive-trials.js';

const trials = createArchiveTrials();

/** The contents of a signed package: listed, and extracted into a directory beside which nothing may appear. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const { contents } = await trials;
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  await contents(isGzip ? bytes : gzipSync(bytes));
};
