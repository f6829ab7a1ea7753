import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf } from './errors.js';

/** For opening to read: a pipe in the place of a file is not waited for, which would take a thread for ever. */
export const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK;

/** Far more than any file holds that is read as a whole. */
const LIMIT_BYTES = 16 * 1024 * 1024;
/** `/dev/null`, which people put in the place of a file to hide it: major 1, minor 3. */
const NULL_DEVICE = 0x103;

/** As shells would say it. */
export const NOT_REGULAR = 'Not a regular file';

/** What lies in the place of a file that is to be read cannot be one, or cannot be the right one. */
export class UnusableFile extends Error {
  override readonly name = 'UnusableFile';

  constructor(
    /** Without the name of the file. */
    readonly reason: string,
    file: string,
  ) {
    super(`${reason}: ${file}`);
  }
}

/** For `catch`: what cannot be the file counts as a missing one, every other error is thrown on. */
export function ignoreUnusable(error: unknown): undefined {
  if (!(error instanceof UnusableFile)) throw error;
}

/** @throws UnusableFile for a directory, a pipe, a socket, a device, a link to itself */
export async function openRegular(file: string): Promise<FileHandle> {
  const handle = await open(file, READ_ONLY).catch((error: unknown) => refuse(file, error));
  try {
    requireRegular(file, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A whole file. @throws UnusableFile as {@link openRegular}, and for more than 16 MiB */
export async function readBytes(file: string): Promise<Buffer> {
  const handle = await openRegular(file);
  try {
    requireReadable(file, await handle.stat());
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The same at once, for what is read before there is anything else to do. @throws as {@link readBytes} */
export function readTextSync(file: string): string {
  const fd = openAtOnce(file);
  try {
    const stats = fstatSync(fd);
    requireRegular(file, stats);
    requireReadable(file, stats);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** @throws UnusableFile for what cannot be opened to read */
export function openAtOnce(file: string): number {
  try {
    return openSync(file, READ_ONLY);
  } catch (error) {
    return refuse(file, error);
  }
}

/** A socket cannot be opened, nor a link that leads to itself. */
function refuse(file: string, error: unknown): never {
  if (!['ENXIO', 'ELOOP'].includes(errnoOf(error) ?? '')) throw error;
  throw new UnusableFile(NOT_REGULAR, file);
}

/** @throws UnusableFile */
export function requireRegular(file: string, stats: Stats): void {
  if (stats.isFile() || (stats.isCharacterDevice() && stats.rdev === NULL_DEVICE)) return;
  throw new UnusableFile(NOT_REGULAR, file);
}

function requireReadable(file: string, { size }: Stats): void {
  if (size > LIMIT_BYTES) throw new UnusableFile(`Larger than ${LIMIT_BYTES} bytes`, file);
}
