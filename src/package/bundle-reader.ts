import { open, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { READ_ONLY } from '../core/read-only.js';
import { DEBUG_MEMBER, KEY_MEMBER, LOGS_MEMBER } from './bundle-members.js';
import { PackageError } from './package-error.js';
import { systemError } from './system-error.js';
import { TarFormatError } from './tar-format-error.js';
import { isTarHeader, TAR_BLOCK_BYTES } from './tar-header.js';
import { readTar, type TarEntry } from './tar-reader.js';

const MEMBERS: readonly string[] = [KEY_MEMBER, DEBUG_MEMBER, LOGS_MEMBER];
const KEY_LIMIT_BYTES = 16 * 1024;
const READ_BYTES = 1024 * 1024;

/**
 * Copies the members of a debug bundle, encrypted as they are, into `directory`.
 *
 * @returns the names of those that it holds: the key and at least one other
 * @throws PackageError when the file is no debug bundle, or damaged
 */
export async function copyMembers(bundleFile: string, directory: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const file = await openBundle(bundleFile);
  try {
    await requireTar(file, bundleFile);
    const bytes = file.createReadStream({ start: 0, autoClose: false, highWaterMark: READ_BYTES });
    await readTar(bytes as AsyncIterable<Buffer>, async (entry) => {
      // The bundles of existing appliances may have been packed with their directory.
      const name = basename(entry.path);
      if (!MEMBERS.includes(name)) return;
      if (found.has(name)) throw refuse(`${name} is in it twice`);
      if (entry.type !== 'File') throw refuse(`${name} is not a regular file (${entry.type})`);
      if (name === KEY_MEMBER && entry.sizeBytes > KEY_LIMIT_BYTES) {
        throw refuse(`${name} has ${entry.sizeBytes} bytes, allowed are ${KEY_LIMIT_BYTES}`);
      }
      found.add(name);
      await copy(entry, join(directory, name));
    });
  } catch (error) {
    if (!(error instanceof TarFormatError)) throw systemError('extract', 'read', bundleFile, error);
    throw new PackageError('extract', `The bundle is damaged: ${error.message}`, { cause: error });
  } finally {
    await file.close();
  }
  if (!found.has(KEY_MEMBER)) throw noBundle(bundleFile, `it holds no ${KEY_MEMBER}`);
  if (found.size === 1) throw noBundle(bundleFile, `it holds neither ${DEBUG_MEMBER} nor ${LOGS_MEMBER}`);
  return found;
}

async function openBundle(bundleFile: string): Promise<FileHandle> {
  try {
    const file = await open(bundleFile, READ_ONLY);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    throw systemError('extract', 'read', bundleFile, error);
  }
  throw noBundle(bundleFile, 'it is not a regular file');
}

async function requireTar(file: FileHandle, bundleFile: string): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) throw noBundle(bundleFile, 'it is empty');
  const { buffer } = await file.read(Buffer.alloc(TAR_BLOCK_BYTES), 0, TAR_BLOCK_BYTES, 0);
  if (!isTarHeader(buffer)) throw noBundle(bundleFile, 'it is not a tar archive');
}

async function copy(entry: TarEntry, target: string): Promise<void> {
  try {
    const file = await open(target, 'wx', 0o600);
    try {
      for await (const chunk of entry.body) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw systemError('extract', 'write', target, error);
  }
}

function refuse(flaw: string): PackageError {
  return new PackageError('extract', `The bundle is refused: ${flaw}`);
}

function noBundle(bundleFile: string, reason: string): PackageError {
  return new PackageError('extract', `${basename(bundleFile)} is not a debug bundle: ${reason}`);
}
