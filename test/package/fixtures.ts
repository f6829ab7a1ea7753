import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { PackageError } from '../../src/package/package-error.js';

export interface RawMember {
  readonly path: string;
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `5` directory, `x` pax header, … */
  readonly type?: string;
  readonly body?: string | Buffer;
  /** Stated size, when it is to differ from that of the body. */
  readonly size?: number;
  readonly mode?: number;
  readonly linkpath?: string;
}

export const tarEnd = Buffer.alloc(1024);

export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A new directory below the system's temporary one, removed after the tests of the file. */
export function temporaryDirectories(): () => Promise<string> {
  const directories: string[] = [];
  afterAll(async () => {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  });
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), 'admind-package-test-'));
    directories.push(directory);
    return directory;
  };
}

/** A tar member, header and padded body, with whatever the member says: nothing is checked or corrected. */
export function rawMember({ path, type = '0', body = '', size, mode = 0o644, linkpath }: RawMember): Buffer {
  const content = Buffer.from(body);
  const block = Buffer.alloc(512);
  const header = new Header({ path, mode, uid: 0, gid: 0, size: size ?? content.length, mtime: new Date(0) });
  if (linkpath !== undefined) header.linkpath = linkpath;
  header.encode(block);
  block.write(type, 156, 'latin1');
  return Buffer.concat([withChecksum(block), content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A header whose name is exactly these bytes, at most 100. */
export function memberNamed(name: Buffer): Buffer {
  const block = rawMember({ path: 'placeholder' });
  block.fill(0, 0, 100);
  name.copy(block, 0);
  return withChecksum(block);
}

/** A pax header that gives the next member this record. */
export function paxRecord(key: string, value: string): Buffer {
  return paxHeader([key, value]);
}

/** A pax header that gives the next member these records. */
export function paxHeader(...records: readonly (readonly [key: string, value: string])[]): Buffer {
  const lines = records.map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (Buffer.byteLength(`${length}${rest}`) !== length) length++;
    return `${length}${rest}`;
  });
  return rawMember({ path: 'PaxHeader', type: 'x', body: lines.join('') });
}

export function withChecksum(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

export function tarOf(...members: (RawMember | Buffer)[]): Buffer {
  return Buffer.concat([
    ...members.map((member) => (Buffer.isBuffer(member) ? member : rawMember(member))),
    tarEnd,
  ]);
}

export async function writeInner(directory: string, ...members: (RawMember | Buffer)[]): Promise<string> {
  const file = join(directory, 'software_package.tar.gz');
  await writeFile(file, gzipSync(tarOf(...members)));
  return file;
}

/** What the promise rejects with; fails when it is not a PackageError. */
export async function refusalOf(promise: Promise<unknown>): Promise<PackageError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof PackageError) return outcome;
  throw new Error(`expected a PackageError, not ${String(outcome)}`, { cause: outcome });
}
