import { PackageError } from './package-error.js';
import { printable } from './printable.js';
import type { TarEntry } from './tar-reader.js';

export interface ContentLimits {
  /** The most files and directories, those that are only implied by a path included. */
  readonly entryLimit: number;
  /** The most bytes on disk, each file rounded up to 4096. */
  readonly totalLimitBytes: number;
}

export interface AdmittedEntry {
  readonly type: 'file' | 'directory';
  /** Relative, without `.` segments and trailing slash; empty for the top directory. */
  readonly path: string;
  /** The directories that this entry brings into being, parents first. */
  readonly newDirectories: readonly string[];
}

/** A node of the tree that the archive describes; a file has no children. */
interface Node {
  readonly children: Map<string, Node> | undefined;
}

const DISK_BLOCK_BYTES = 4096;
const PATH_LIMIT_BYTES = 4096;
const NAME_LIMIT_BYTES = 255;

/** What an inner archive may hold: only regular files and directories, each inside it, each file once, within limits. */
export class ContentRules {
  readonly #limits: ContentLimits;
  readonly #top: Node = { children: new Map() };
  #entryCount = 0;
  #impliedCount = 0;
  #totalBytes = 0;

  constructor(limits: ContentLimits) {
    this.#limits = limits;
  }

  /** Entries admitted so far. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** Bytes on disk of the files admitted so far. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @throws PackageError `extract` that names the entry and the rule it breaks */
  admit(entry: TarEntry): AdmittedEntry {
    const type = typeOf(entry);
    this.#entryCount++;
    this.#totalBytes += DISK_BLOCK_BYTES * Math.ceil(entry.sizeBytes / DISK_BLOCK_BYTES);
    this.#checkLimits();
    const segments = segmentsOf(entry.path);
    if (segments.length === 0 && type === 'file') throw refuse(entry.path, 'is not a file name');
    const newDirectories = this.#place(entry.path, segments, type);
    this.#checkLimits();
    return { type, path: segments.join('/'), newDirectories };
  }

  #checkLimits(): void {
    const { entryLimit, totalLimitBytes } = this.#limits;
    if (this.#entryCount + this.#impliedCount > entryLimit) {
      throw new PackageError('extract', `The package holds more than ${entryLimit} files and directories`);
    }
    if (this.#totalBytes > totalLimitBytes) {
      throw new PackageError(
        'extract',
        `The contents of the package need more than ${totalLimitBytes} bytes`,
      );
    }
  }

  #place(path: string, segments: readonly string[], type: AdmittedEntry['type']): string[] {
    const newDirectories: string[] = [];
    let parent = this.#top;
    for (const [index, segment] of segments.entries()) {
      const isLast = index === segments.length - 1;
      const siblings = parent.children;
      if (siblings === undefined) throw refuse(path, 'lies below a file of the package');
      const existing = siblings.get(segment);
      if (existing !== undefined && isLast) checkRepetition(path, existing, type);
      const node: Node = existing ?? { children: isLast && type === 'file' ? undefined : new Map() };
      if (existing === undefined) {
        siblings.set(segment, node);
        if (node.children !== undefined) newDirectories.push(segments.slice(0, index + 1).join('/'));
        if (!isLast) this.#impliedCount++;
      }
      parent = node;
    }
    return newDirectories;
  }
}

function typeOf(entry: TarEntry): AdmittedEntry['type'] {
  if (entry.type === 'File') return 'file';
  if (entry.type === 'Directory') return 'directory';
  throw refuse(entry.path, `is not a regular file or directory (${entry.type})`);
}

function segmentsOf(path: string): string[] {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) throw refuse(path, 'has control characters in its name');
  if (path.includes('\ufffd')) throw refuse(path, 'has a name that is not UTF-8');
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) {
    throw refuse(path, `has a path longer than ${PATH_LIMIT_BYTES} bytes`);
  }
  if (path.startsWith('/')) throw refuse(path, 'has an absolute path');
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw refuse(path, 'has a ".." in its path');
  if (segments.some((segment) => Buffer.byteLength(segment) > NAME_LIMIT_BYTES)) {
    throw refuse(path, `has a name longer than ${NAME_LIMIT_BYTES} bytes`);
  }
  return segments;
}

function checkRepetition(path: string, existing: Node, type: AdmittedEntry['type']): void {
  const wasFile = existing.children === undefined;
  if (wasFile !== (type === 'file')) throw refuse(path, 'is both a file and a directory');
  if (wasFile) throw refuse(path, 'is in it twice');
}

function refuse(path: string, reason: string): PackageError {
  return new PackageError('extract', `The package is refused: "${printable(path)}" ${reason}`);
}
