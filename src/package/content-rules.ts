import { createHash } from 'node:crypto';
import { entrySegments } from './entry-path.js';
import { PackageError } from './package-error.js';
import { printable } from './printable.js';
import type { TarEntry } from './tar-reader.js';

export interface ContentLimits {
  /** The most files and directories, those that are only implied by a path included. */
  readonly entryLimit: number;
  /** The most bytes on disk, each file rounded up to 4096. */
  readonly totalLimitBytes: number;
  /** What the archive belongs to, for messages; default: `package`. */
  readonly subject?: string;
}

/** An entry that an archive may not hold. */
export class EntryError extends PackageError {
  /**
   * @param entry its path and what is wrong with it
   * @param isOdd whether it is only of no use, and not unsafe: a link, a device, a repetition
   */
  constructor(
    subject: string,
    readonly entry: string,
    readonly isOdd: boolean,
  ) {
    super('extract', `The ${subject} is refused: ${entry}`);
  }
}

export interface AdmittedEntry {
  readonly type: 'file' | 'directory';
  /** Relative, without `.` segments and trailing slash; empty for the top directory. */
  readonly path: string;
  /** The directories that this entry brings into being, parents first. */
  readonly newDirectories: readonly string[];
}

const DISK_BLOCK_BYTES = 4096;

/** What an inner archive may hold: only regular files and directories, each inside it, each file once, within limits. */
export class ContentRules {
  readonly #limits: ContentLimits;
  /** By the digests of their paths: a hundred thousand paths of any length take a few megabytes. */
  readonly #types = new Map<string, AdmittedEntry['type']>([[digestOf([]), 'directory']]);
  #entryCount = 0;
  #impliedCount = 0;
  #totalBytes = 0;

  constructor(limits: ContentLimits) {
    this.#limits = limits;
  }

  /** What the archive belongs to. */
  get subject(): string {
    return this.#limits.subject ?? 'package';
  }

  /** Entries admitted so far. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** Bytes on disk of the files admitted so far. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @throws EntryError that names the entry and the rule it breaks; PackageError `extract` at a limit */
  admit(entry: Pick<TarEntry, 'path' | 'type' | 'sizeBytes'>): AdmittedEntry {
    const type = this.#typeOf(entry);
    this.#entryCount++;
    this.#totalBytes += DISK_BLOCK_BYTES * Math.ceil(entry.sizeBytes / DISK_BLOCK_BYTES);
    this.#checkLimits();
    const segments = this.#segmentsOf(entry.path);
    if (segments.length === 0 && type === 'file') throw this.#refuse(entry.path, 'is not a file name');
    const newDirectories = this.#place(entry.path, segments, type);
    this.#checkLimits();
    return { type, path: segments.join('/'), newDirectories };
  }

  #checkLimits(): void {
    const { entryLimit, totalLimitBytes } = this.#limits;
    if (this.#entryCount + this.#impliedCount > entryLimit) {
      throw new PackageError(
        'extract',
        `The ${this.subject} holds more than ${entryLimit} files and directories`,
      );
    }
    if (this.#totalBytes > totalLimitBytes) {
      throw new PackageError(
        'extract',
        `The contents of the ${this.subject} need more than ${totalLimitBytes} bytes`,
      );
    }
  }

  #place(path: string, segments: readonly string[], type: AdmittedEntry['type']): string[] {
    const newDirectories: string[] = [];
    // Upwards, to the first directory that is known: the ones above it are known, too.
    for (let depth = segments.length - 1; depth >= 0; depth -= 1) {
      const parent = segments.slice(0, depth);
      const known = this.#types.get(digestOf(parent));
      if (known === 'file') throw this.#refuse(path, `lies below a file of the ${this.subject}`, true);
      if (known === 'directory') break;
      this.#types.set(digestOf(parent), 'directory');
      this.#impliedCount++;
      newDirectories.unshift(parent.join('/'));
    }
    const digest = digestOf(segments);
    const earlier = this.#types.get(digest);
    if (earlier !== undefined) this.#checkRepetition(path, earlier, type);
    else if (type === 'directory') newDirectories.push(segments.join('/'));
    this.#types.set(digest, type);
    return newDirectories;
  }

  #typeOf(entry: Pick<TarEntry, 'path' | 'type'>): AdmittedEntry['type'] {
    if (entry.type === 'File') return 'file';
    if (entry.type === 'Directory') return 'directory';
    throw this.#refuse(entry.path, `is not a regular file or directory (${entry.type})`, true);
  }

  #segmentsOf(path: string): string[] {
    // They are what is looked for: in a list on a terminal they would show another name.
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f-\u009f]/.test(path))
      throw this.#refuse(path, 'has control characters in its name');
    return entrySegments(path, (reason) => this.#refuse(path, reason));
  }

  #checkRepetition(path: string, earlier: AdmittedEntry['type'], type: AdmittedEntry['type']): void {
    if (earlier !== type) throw this.#refuse(path, 'is both a file and a directory', true);
    if (type === 'file') throw this.#refuse(path, 'is in it twice', true);
  }

  #refuse(path: string, reason: string, isOdd = false): EntryError {
    return new EntryError(this.subject, `"${printable(path)}" ${reason}`, isOdd);
  }
}

/** Two paths with the same one cannot be made: 128 bits of SHA-256. */
function digestOf(segments: readonly string[]): string {
  return createHash('sha256').update(segments.join('/')).digest().toString('latin1', 0, 16);
}
