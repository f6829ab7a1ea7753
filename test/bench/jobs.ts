import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { createContext } from '../../src/context.js';
import type { JobName } from '../../src/jobs/index.js';
import type { TestAppliance } from '../support/appliance.js';
import { settleDisk, timed } from './shell.js';

/**
 * Runs a job to its end in a process of its own, as the API and the SSH command start it: what is measured has the
 * process's start and the files that say how it went in it.
 *
 * @param input the file that the job takes over, if it does: it gets a copy
 * @returns seconds
 */
export async function timeJob(
  { root, paths }: TestAppliance,
  name: JobName,
  input?: { readonly field: string; readonly file: string },
): Promise<number> {
  const { launcher } = createContext({ root, adminPath: DEFAULT_ADMIN_PATH, channel: 'ssh' });
  const inputs: Record<string, string> = {};
  if (input) {
    const upload = join(paths.incoming, 'bench-input');
    await copyFile(input.file, upload);
    inputs[input.field] = upload;
  }
  await settleDisk();
  // A job keeps no process alive that waits for it.
  const alive = setInterval(() => undefined, 60_000);
  try {
    return await timed(async () => {
      const { ended } = await launcher.start(name, inputs);
      const outcome = await ended;
      if (outcome.state === 'failed') throw new Error(`${name} failed: ${outcome.reason}`);
    });
  } finally {
    clearInterval(alive);
  }
}
