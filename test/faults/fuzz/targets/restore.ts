import { createArchiveTrials } from '../../hostile/archive-trials.js';

const trials = createArchiveTrials();

/** An archive to restore, a tar or a gzip. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const { restore } = await trials;
  await restore(bytes);
};
