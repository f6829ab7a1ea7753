import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createJsonLines, type JsonLines } from '../system/json-lines.js';
import type { DirectoryAttributes } from '../system/tree-change.js';
import { ArchiveError } from './archive-error.js';
import { gunzip } from './gunzip.js';
import { createRestoreExtractor } from './restore-extract.js';
import { RestoreRules, type RestoreLimits } from './restore-rules.js';
import { systemReason } from './system-error.js';
import { TarFormatError } from './tar-format-error.js';
import { readTar } from './tar-reader.js';

export interface RestoreOptions extends RestoreLimits {
  /** A tar, plain or gzipped. */
  readonly archive: string;
  /** Exists and is empty; afterwards it holds the whole archive. */
  readonly directory: string;
  /** The file for the attributes of the archive's directories, which those in `directory` do not have yet. */
  readonly attributesList: string;
  /** Where the tree will be used. */
  readonly target: string;
  readonly signal: AbortSignal;
}

const READ_BYTES = 1024 * 1024;
/** What a tar may hold beside its files: headers, long names, padding, the end marker. */
const OVERHEAD_BYTES = 16 * 1024 * 1024;
const OVERHEAD_PER_ENTRY_BYTES = 8 * 1024;

/**
 * Checks and extracts an archive in one pass: it is as good as restored, or refused, before anything in place is
 * touched.
 *
 * @throws ArchiveError saying what is wrong, with the name of the entry
 */
export async function extractArchive(options: RestoreOptions): Promise<void> {
  const rules = new RestoreRules(options);
  const attributes = await createJsonLines<DirectoryAttributes>(options.attributesList);
  try {
    await extract(options, rules, attributes);
  } catch (error) {
    throw describe(error);
  } finally {
    await attributes.close();
  }
}

async function extract(
  { archive, directory, target, signal }: RestoreOptions,
  rules: RestoreRules,
  attributes: JsonLines<DirectoryAttributes>,
): Promise<void> {
  const extractor = createRestoreExtractor(directory, target, attributes);
  const onRead = (total: number) => {
    signal.throwIfAborted();
    if (total > rules.totalBytes + rules.entryCount * OVERHEAD_PER_ENTRY_BYTES + OVERHEAD_BYTES) {
      throw new ArchiveError('The archive inflates to far more than its files');
    }
  };
  const source = (await isGzip(archive)) ? gunzip(archive, onRead) : read(archive, onRead);
  await readTar(source, (entry) => extractor.extract(entry, rules.admit(entry)), { isPadded: true });
  if (extractor.isEmpty()) throw new ArchiveError('The archive holds nothing');
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead === 0) throw new ArchiveError('The archive is empty');
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

async function* read(file: string, onRead: (total: number) => void): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    onRead((total += chunk.length));
    yield chunk;
  }
}

function describe(error: unknown): unknown {
  if (error instanceof TarFormatError) {
    return new ArchiveError(`The archive is malformed: ${error.message}`, { cause: error });
  }
  const reason = systemReason(error);
  return reason === undefined
    ? error
    : new ArchiveError(`The archive cannot be read: ${reason}`, { cause: error });
}
