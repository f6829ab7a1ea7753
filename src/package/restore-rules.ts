import { isLeftName } from '../system/remove-tree.js';
import { ArchiveError } from './archive-error.js';
import { entrySegments } from './entry-path.js';
import { printable } from './printable.js';
import type { TarEntry } from './tar-reader.js';

export interface RestoreLimits {
  /** The most files, directories and links. */
  readonly entryLimit: number;
  /** The most bytes on disk, each thing rounded up to 4096. */
  readonly totalLimitBytes: number;
  /** A name at the top that an archive may not use, nor what is left of it where it could not be deleted. */
  readonly reservedName: string;
}

export type RestoredType = 'file' | 'directory' | 'symbolicLink' | 'hardLink';

export interface RestoredEntry {
  readonly type: RestoredType;
  /** Without `.` and empty names; none for the top directory. */
  readonly segments: readonly string[];
}

const DISK_BLOCK_BYTES = 4096;
const TYPES: Readonly<Record<string, RestoredType>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  SymbolicLink: 'symbolicLink',
  Link: 'hardLink',
};

/** What an archive may hold to be restored, entry by entry; how entries fit together is the extractor's to check. */
export class RestoreRules {
  readonly #limits: RestoreLimits;
  #entryCount = 0;
  #totalBytes = 0;

  constructor(limits: RestoreLimits) {
    this.#limits = limits;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @throws ArchiveError that names the entry and the rule that it breaks */
  admit(entry: TarEntry): RestoredEntry {
    const type = TYPES[entry.type];
    if (!type) throw refuseEntry(entry.path, `is not a file, directory or link (${entry.type})`);
    const segments = entrySegments(entry.path, (reason) => refuseEntry(entry.path, reason));
    if (segments.length === 0 && type !== 'directory') throw refuseEntry(entry.path, 'is not a file name');
    if (this.#isReserved(segments[0] ?? '')) throw refuseEntry(entry.path, 'has a reserved name');
    // Programs differ in whether a link's content follows it.
    if (type !== 'file' && entry.sizeBytes > 0) {
      throw refuseEntry(entry.path, 'has content, but is not a file');
    }
    this.#count(entry.sizeBytes);
    return { type, segments };
  }

  #isReserved(name: string): boolean {
    const { reservedName } = this.#limits;
    return name === reservedName || isLeftName(name, reservedName);
  }

  #count(sizeBytes: number): void {
    const { entryLimit, totalLimitBytes } = this.#limits;
    this.#entryCount += 1;
    this.#totalBytes += DISK_BLOCK_BYTES * Math.max(1, Math.ceil(sizeBytes / DISK_BLOCK_BYTES));
    if (this.#entryCount > entryLimit) {
      throw new ArchiveError(`The archive holds more than ${entryLimit} files, directories and links`);
    }
    if (this.#totalBytes > totalLimitBytes) {
      throw new ArchiveError(`The archive needs more than the ${totalLimitBytes} bytes that are free for it`);
    }
  }
}

export function refuseEntry(path: string, reason: string): ArchiveError {
  return new ArchiveError(`The archive is refused: "${printable(path)}" ${reason}`);
}
