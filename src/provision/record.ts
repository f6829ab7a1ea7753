import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readTextFile, syncDirectory, writeFileAtomic } from '../system/atomic-file.js';
import { makeDirectory } from '../system/make-directory.js';

/** A record that is on the disk, but does not count before it is kept. */
export interface BegunRecord {
  keep(): Promise<void>;
  discard(): Promise<void>;
}

/** The digest of a token could be used to try tokens: it is for root alone. */
const [MODE, DIRECTORY_MODE] = [0o600, 0o700];

/** Whether what has that digest has been applied. */
export async function isRecorded(file: string, digest: string): Promise<boolean> {
  return (await noteOf(file, digest)) !== undefined;
}

/** The note of a record that was begun, and neither kept nor discarded. */
export async function findBegun(file: string, digest: string): Promise<string | undefined> {
  return noteOf(begunName(file), digest);
}

/**
 * @param note one line for {@link findBegun}
 * @throws the system error that keeps it from being written
 */
export async function beginRecord(file: string, digest: string, note: string): Promise<BegunRecord> {
  const begun = begunName(file);
  await makeDirectory(dirname(file), DIRECTORY_MODE);
  await writeFileAtomic(begun, `${digest}\n${note}\n`, { mode: MODE });
  return {
    async keep() {
      await rename(begun, file);
      await syncDirectory(dirname(file));
    },
    discard: () => rm(begun, { force: true }),
  };
}

async function noteOf(file: string, digest: string): Promise<string | undefined> {
  const [recorded, note = ''] = (await readTextFile(file))?.split('\n') ?? [];
  return recorded === digest ? note : undefined;
}

/** No item begins with a dot. */
function begunName(file: string): string {
  return join(dirname(file), `.${basename(file)}`);
}
