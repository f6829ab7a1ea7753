import { createSign, type KeyObject } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { FatalError, isDiskFull } from '../core/errors.js';
import { readTextStart, stagedName, syncDirectory, writeSynced } from '../system/atomic-file.js';
import { VERSION_LIMIT_BYTES, versionIn } from './contents.js';
import { encrypt } from './encrypt.js';
import { CONTENTS_MEMBER, SIGNATURE_MEMBER } from './members.js';
import { readPassphrase } from './passphrase.js';
import { readPrivateKey } from './rsa-keys.js';
import { tarDirectory } from './tar-directory.js';
import { TAR_END, tarMember } from './tar-writer.js';

export interface CreateOptions {
  /** Its content becomes the content of the package. */
  readonly directory: string;
  readonly keyFile: string;
  readonly privateKeyFile: string;
  /** Replaced as a whole if it exists; its file system needs room for the package twice. */
  readonly outputFile: string;
}

export interface CreatedPackage {
  readonly sizeBytes: number;
  readonly version: string | undefined;
}

const READ_BYTES = 1024 * 1024;

/**
 * Packs, signs and encrypts a directory, in constant memory.
 *
 * @throws FatalError or PackageError saying which file cannot be used; nothing is left behind then
 */
export async function createPackage(options: CreateOptions): Promise<CreatedPackage> {
  const { directory, outputFile } = options;
  const passphrase = await readPassphrase(options.keyFile);
  const privateKey = await readPrivateKey(options.privateKeyFile);
  await checkDirectories(directory, dirname(outputFile));
  const version = await versionOf(directory);
  const innerFile = stagedName(outputFile);
  const sealedFile = stagedName(outputFile);
  try {
    const signature = await packAndSign(directory, innerFile, privateKey);
    await writeSynced(sealedFile, encrypt(outerTar(innerFile, signature), passphrase), { mode: 0o644 });
    await rename(sealedFile, outputFile);
    await syncDirectory(dirname(outputFile));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new FatalError(`Cannot write ${outputFile}: No space left on device`, { cause: error });
  } finally {
    await rm(innerFile, { force: true });
    await rm(sealedFile, { force: true });
  }
  return { sizeBytes: (await stat(outputFile)).size, version };
}

async function versionOf(directory: string): Promise<string | undefined> {
  const file = join(directory, 'version.txt');
  if (await isDirectory(file)) throw new FatalError(`${file} is a directory`);
  return versionIn((await readTextStart(file, VERSION_LIMIT_BYTES)) ?? '');
}

async function checkDirectories(directory: string, outputDirectory: string): Promise<void> {
  const content = await realDirectory(directory);
  const output = await realDirectory(outputDirectory);
  const way = relative(content, output);
  if (way !== '..' && !way.startsWith('../')) {
    throw new FatalError(`The package cannot be written into ${directory}, the directory that it packs`);
  }
}

async function realDirectory(path: string): Promise<string> {
  if (!(await isDirectory(path))) throw new FatalError(`${path} is not a directory`);
  return realpath(path);
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function packAndSign(directory: string, innerFile: string, privateKey: KeyObject): Promise<Buffer> {
  const sign = createSign('RSA-SHA256');
  await pipeline(
    Readable.from(tarDirectory(directory), { objectMode: false }),
    createGzip(),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        sign.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(innerFile, { flags: 'wx', mode: 0o600 }),
  );
  return sign.sign(privateKey);
}

async function* outerTar(innerFile: string, signature: Buffer): AsyncGenerator<Buffer> {
  const { size, mtime } = await stat(innerFile);
  const common = { type: 'File', mode: 0o644, mtime } as const;
  const contents = { ...common, path: CONTENTS_MEMBER, sizeBytes: size };
  yield* tarMember(contents, createReadStream(innerFile, { highWaterMark: READ_BYTES }));
  yield* tarMember({ ...common, path: SIGNATURE_MEMBER, sizeBytes: signature.length }, [signature]);
  yield TAR_END;
}
