import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyDerivation } from './cipher.js';
import { listContents, type PackageContents } from './contents.js';
import { CONTENTS_MEMBER } from './members.js';
import { unsealPackage } from './unseal.js';

export interface InspectOptions {
  readonly packageFile: string;
  readonly keyFile: string;
  readonly publicKeyFile: string;
  /** Defaults to true. */
  readonly acceptLegacy?: boolean;
  /** The most files and directories that the package may hold; defaults to that of an appliance. */
  readonly entryLimit?: number;
}

export interface PackageEntry {
  readonly type: 'file' | 'directory';
  /** Relative, normalised, printable only by `printable`. */
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtime: Date | undefined;
}

export interface PackageReport extends PackageContents {
  readonly derivation: KeyDerivation;
  /** Of the encrypted package. */
  readonly packageBytes: number;
  /** Of the archive in it, compressed. */
  readonly archiveBytes: number;
  /** The first 10000 of `entryCount`. */
  readonly entries: readonly PackageEntry[];
}

const DEFAULT_ENTRY_LIMIT = 100_000;
const LISTED_ENTRIES = 10_000;

/**
 * Checks a package as an appliance would (encryption, signature, contents), short of extracting it. The decrypted
 * archive lies in a directory of its own below the system's temporary directory meanwhile.
 *
 * @throws PackageError
 */
export async function inspectPackage(options: InspectOptions): Promise<PackageReport> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-inspect-'));
  try {
    const stagingFile = join(directory, CONTENTS_MEMBER);
    const { acceptLegacy = true, entryLimit = DEFAULT_ENTRY_LIMIT } = options;
    const { derivation, sizeBytes } = await unsealPackage({ ...options, acceptLegacy, stagingFile });
    const entries: PackageEntry[] = [];
    const limits = { entryLimit, totalLimitBytes: Infinity };
    const contents = await listContents(stagingFile, limits, ({ mode, sizeBytes, mtime }, { type, path }) => {
      if (entries.length < LISTED_ENTRIES) entries.push({ type, path, mode, sizeBytes, mtime });
    });
    const { size } = await stat(options.packageFile);
    return { ...contents, derivation, packageBytes: size, archiveBytes: sizeBytes, entries };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
