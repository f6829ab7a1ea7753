import { basename } from 'node:path';
import { ContentRules, type AdmittedEntry, type ContentLimits } from './content-rules.js';
import { createExtractor } from './extract.js';
import { gunzip } from './gunzip.js';
import { PackageError } from './package-error.js';
import { printable } from './printable.js';
import { systemError } from './system-error.js';
import { TarFormatError } from './tar-format-error.js';
import { readTar, type TarEntry } from './tar-reader.js';

export type { ContentLimits } from './content-rules.js';

export interface PackageContents {
  /** The first line of the top-level `version.txt`, printable ASCII; undefined if there is none. */
  readonly version: string | undefined;
  /** Whether there is a regular `update.sh` at the top. */
  readonly hasUpdateScript: boolean;
  readonly entryCount: number;
  /** Bytes on disk, each file rounded up to 4096. */
  readonly totalBytes: number;
}

export type EntryVisitor = (entry: TarEntry, admitted: AdmittedEntry) => Promise<void> | void;

export const VERSION_LIMIT_BYTES = 256;
/** What a tar may hold beside its files: headers, long names, padding, the end marker. */
const OVERHEAD_BYTES = 16 * 1024 * 1024;
const OVERHEAD_PER_ENTRY_BYTES = 8 * 1024;

/**
 * Goes through a verified `software_package.tar.gz` without writing anything; stops at the first breach of a rule or
 * a limit, before what follows is decompressed.
 *
 * @param visit is handed each admitted entry, in the order of the archive
 * @throws PackageError `extract` saying what is wrong, with the name of the entry
 */
export async function listContents(
  innerFile: string,
  limits: ContentLimits,
  visit: EntryVisitor = () => undefined,
): Promise<PackageContents> {
  const rules = new ContentRules(limits);
  let version: string | undefined;
  let hasUpdateScript = false;
  await walkContents(innerFile, rules, async (entry) => {
    const admitted = rules.admit(entry);
    if (admitted.type === 'file' && admitted.path === 'update.sh') hasUpdateScript = true;
    if (admitted.type === 'file' && admitted.path === 'version.txt') version = await readVersion(entry);
    await visit(entry, admitted);
  });
  return { version, hasUpdateScript, entryCount: rules.entryCount, totalBytes: rules.totalBytes };
}

/**
 * Extracts a verified and listed `software_package.tar.gz`: files 0640, or 0750 when executable, with their time;
 * directories 0750; all owned by this process.
 *
 * @param directory exists and is empty; after a failure it holds a part of the contents
 * @throws PackageError `extract`
 */
export async function extractContents(innerFile: string, directory: string): Promise<void> {
  const rules = new ContentRules({ entryLimit: Infinity, totalLimitBytes: Infinity });
  const extract = createExtractor(directory);
  await walkContents(innerFile, rules, (entry) => extract(entry, rules.admit(entry)));
}

/** The first line of a `version.txt`'s first 256 bytes, as printable ASCII; undefined when it is empty. */
export function versionIn(text: string): string | undefined {
  const line = text.slice(0, VERSION_LIMIT_BYTES).split('\n')[0]?.trim() ?? '';
  return line === '' ? undefined : printable(line);
}

/**
 * Reads a gzipped tar, no further than what `rules` have admitted explains.
 *
 * @param visit has to ask the rules for each entry
 * @throws PackageError `extract` at anything malformed; what `visit` throws
 */
export async function walkContents(
  innerFile: string,
  rules: ContentRules,
  visit: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  const readBytes = (total: number) => {
    if (total > rules.totalBytes + rules.entryCount * OVERHEAD_PER_ENTRY_BYTES + OVERHEAD_BYTES) {
      throw new PackageError('extract', `${basename(innerFile)} inflates to far more than its files`);
    }
  };
  try {
    await readTar(gunzip(innerFile, readBytes), visit);
  } catch (error) {
    if (error instanceof TarFormatError) {
      throw new PackageError(
        'extract',
        `The archive in the ${rules.subject} is malformed: ${error.message}`,
        {
          cause: error,
        },
      );
    }
    throw systemError('extract', 'read', innerFile, error);
  }
}

async function readVersion(entry: TarEntry): Promise<string | undefined> {
  let start = Buffer.alloc(0);
  for await (const chunk of entry.body) {
    if (start.length < VERSION_LIMIT_BYTES)
      start = Buffer.concat([start, chunk.subarray(0, VERSION_LIMIT_BYTES)]);
  }
  return versionIn(start.toString('latin1'));
}
