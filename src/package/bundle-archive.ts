import { createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { freeBytes } from '../system/disk-space.js';
import { ContentRules, EntryError, type AdmittedEntry } from './content-rules.js';
import { walkContents } from './contents.js';
import { decryptFile, type SealedKind } from './decrypt.js';
import { createExtractor } from './extract.js';
import { systemError } from './system-error.js';
import type { TarEntry } from './tar-reader.js';

export interface OpenedArchive {
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** What was left out and why: links, devices, repetitions; the first of them. */
  readonly leftOut: readonly string[];
  readonly leftOutCount: number;
}

const ENTRY_LIMIT = 1_000_000;
const LEFT_OUT_SHOWN = 20;
const GZIP_START = Buffer.from([0x1f, 0x8b, 8]);

/**
 * Decrypts an archive that a debug bundle holds and extracts it.
 *
 * @param sealedFile removed when it is decrypted
 * @param directory is created
 * @throws PackageError when it cannot be opened, is malformed or unsafe: nothing is extracted then
 */
export async function openArchive(
  sealedFile: string,
  passphrase: Buffer,
  directory: string,
): Promise<OpenedArchive> {
  const archive = `${directory}.tar.gz`;
  await decryptTo(archive, sealedFile, passphrase);
  await rm(sealedFile);
  const limits = {
    entryLimit: ENTRY_LIMIT,
    totalLimitBytes: await freeBytes(dirname(directory)),
    subject: 'bundle',
  };
  const leftOut: string[] = [];
  let leftOutCount = 0;
  await walkAdmitted(
    archive,
    new ContentRules(limits),
    () => Promise.resolve(),
    (entry) => {
      leftOutCount += 1;
      if (leftOut.length < LEFT_OUT_SHOWN) leftOut.push(entry);
    },
  );
  let fileCount = 0;
  let sizeBytes = 0;
  await mkdir(directory, { mode: 0o750 });
  const extract = createExtractor(directory);
  await walkAdmitted(archive, new ContentRules(limits), async (entry, admitted) => {
    if (admitted.type === 'file') fileCount += 1;
    sizeBytes += entry.sizeBytes;
    await extract(entry, admitted);
  });
  await rm(archive);
  return { fileCount, sizeBytes, leftOut, leftOutCount };
}

async function walkAdmitted(
  archive: string,
  rules: ContentRules,
  visit: (entry: TarEntry, admitted: AdmittedEntry) => Promise<void>,
  onLeftOut: (entry: string) => void = () => undefined,
): Promise<void> {
  await walkContents(archive, rules, async (entry) => {
    const admitted = admit(rules, entry);
    if (typeof admitted === 'string') onLeftOut(admitted);
    else await visit(entry, admitted);
  });
}

function admit(rules: ContentRules, entry: TarEntry): AdmittedEntry | string {
  try {
    return rules.admit(entry);
  } catch (error) {
    if (error instanceof EntryError && error.isOdd) return error.entry;
    throw error;
  }
}

async function decryptTo(target: string, sealedFile: string, passphrase: Buffer): Promise<void> {
  const file = await open(sealedFile, 'r');
  try {
    const { plaintext } = await decryptFile(file, passphrase, sealedKind(sealedFile));
    await pipeline(plaintext, createWriteStream(target, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    throw systemError('decrypt', 'write', target, error);
  } finally {
    await file.close();
  }
}

function sealedKind(sealedFile: string): SealedKind {
  return {
    subject: `${basename(sealedFile)} in the bundle`,
    kind: 'a gzip archive',
    derivations: ['pbkdf2-sha256', 'sha256', 'md5'],
    startBytes: 16,
    // RFC 1952, 2.3: the method is deflate, the upper flags are zero.
    isRight: (start) => start.subarray(0, 3).equals(GZIP_START) && ((start[3] ?? 0xff) & 0xe0) === 0,
  };
}
