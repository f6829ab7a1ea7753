import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../core/errors.js';

export interface AtomicFileOptions {
  readonly mode: number;
}

/**
 * Replaces `file` as a whole: staged beside it, fsynced, renamed, directory fsynced. A reader or a power cut meets
 * the old content or the new, never a part.
 */
export async function writeFileAtomic(
  file: string,
  content: string | Buffer,
  options: AtomicFileOptions,
): Promise<void> {
  await stageAnd(file, content, options, (staged) => rename(staged, file));
}

/**
 * Like {@link writeFileAtomic}, but only where `file` does not exist; of several writers exactly one succeeds.
 *
 * @returns false if the file already existed
 */
export async function createFileExclusive(
  file: string,
  content: string | Buffer,
  options: AtomicFileOptions,
): Promise<boolean> {
  try {
    await stageAnd(file, content, options, (staged) => link(staged, file));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The content of a text file, or undefined where there is none. */
export async function readTextFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a rename, link or unlink in `directory` survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function stageAnd(
  file: string,
  content: string | Buffer,
  options: AtomicFileOptions,
  publish: (staged: string) => Promise<void>,
): Promise<void> {
  const directory = dirname(file);
  await mkdir(directory, { recursive: true });
  const staged = join(directory, `.${basename(file)}.${randomBytes(6).toString('hex')}.new`);
  try {
    const handle = await open(staged, 'wx', options.mode);
    try {
      await handle.writeFile(content);
      await handle.chmod(options.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish(staged);
  } finally {
    await rm(staged, { force: true });
  }
  await syncDirectory(directory);
}
