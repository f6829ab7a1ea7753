import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TAR_END, tarMember } from './tar-writer.js';

const READ_BYTES = 1024 * 1024;

/** The tar of finished files of `directory`, in the order of their names. */
export async function* tarBundle(directory: string, names: readonly string[]): AsyncGenerator<Buffer> {
  for (const name of [...names].sort()) {
    const { size, mtime } = await stat(join(directory, name));
    const member = { path: name, type: 'File', mode: 0o644, mtime, sizeBytes: size } as const;
    yield* tarMember(member, createReadStream(join(directory, name), { highWaterMark: READ_BYTES }));
  }
  yield TAR_END;
}
