import type { Verify } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { PackageError } from './package-error.js';
import { systemError } from './system-error.js';
import type { TarEntry } from './tar-reader.js';

export const CONTENTS_MEMBER = 'software_package.tar.gz';
export const SIGNATURE_MEMBER = 'software_package.tar.gz.sign';

const SIGNATURE_LIMIT_BYTES = 16 * 1024;

export interface MemberReader {
  readonly visit: (entry: TarEntry) => Promise<void>;
  /** @throws PackageError `signature` if a member was missing, came twice, or is no usable file */
  complete(): { readonly signature: Buffer; readonly sizeBytes: number };
}

/**
 * Takes the two members of the outer tar, in either order: the contents into `stagingFile` and `verify`, the
 * signature into memory. The first flaw is kept for `complete`, so that it is told apart from a package that does
 * not decrypt to its end.
 */
export function createMemberReader(stagingFile: string, verify: Verify): MemberReader {
  const seen = new Set<string>();
  let flaw: string | undefined;
  let signature: Buffer | undefined;
  let sizeBytes: number | undefined;

  return {
    async visit(entry) {
      const name = entry.path.replace(/^(?:\.\/+)+/, '');
      if (name !== CONTENTS_MEMBER && name !== SIGNATURE_MEMBER) return;
      flaw ??= flawOf(name, entry, seen.has(name));
      seen.add(name);
      if (flaw !== undefined) return;
      if (name === SIGNATURE_MEMBER) signature = await readWhole(entry);
      else sizeBytes = await stage(entry, stagingFile, verify);
    },
    complete() {
      if (flaw !== undefined) throw new PackageError('signature', `The package is refused: ${flaw}`);
      if (sizeBytes === undefined) throw missing(CONTENTS_MEMBER);
      if (signature === undefined) throw missing(SIGNATURE_MEMBER);
      return { signature, sizeBytes };
    },
  };
}

function flawOf(name: string, entry: TarEntry, isRepeated: boolean): string | undefined {
  if (isRepeated) return `${name} is in it twice`;
  if (entry.type !== 'File') return `${name} is not a regular file (${entry.type})`;
  if (name === SIGNATURE_MEMBER && entry.sizeBytes > SIGNATURE_LIMIT_BYTES) {
    return `${name} has ${entry.sizeBytes} bytes, allowed are ${SIGNATURE_LIMIT_BYTES}`;
  }
  return undefined;
}

function missing(name: string): PackageError {
  return new PackageError('signature', `The package holds no ${name}`);
}

async function readWhole(entry: TarEntry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function stage(entry: TarEntry, stagingFile: string, verify: Verify): Promise<number> {
  try {
    await rm(stagingFile, { force: true });
    const file = await open(stagingFile, 'wx', 0o600);
    try {
      for await (const chunk of entry.body) {
        verify.update(chunk);
        await file.writeFile(chunk);
      }
    } finally {
      await file.close();
    }
    return entry.sizeBytes;
  } catch (error) {
    throw systemError('decrypt', 'write', stagingFile, error);
  }
}
