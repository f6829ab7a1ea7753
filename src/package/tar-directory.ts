import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FatalError } from '../core/errors.js';
import { ContentRules } from './content-rules.js';
import { printable } from './printable.js';
import { TAR_END, tarMember, type TarMember } from './tar-writer.js';

const READ_BYTES = 1024 * 1024;

/**
 * The tar of what `directory` holds, sorted by name, so that the same content gives the same bytes: modes 0644 and
 * 0755, the files' own times, no owner.
 *
 * @throws FatalError naming the first file that an update package may not hold; PackageError for an unusable name
 */
export async function* tarDirectory(directory: string): AsyncGenerator<Buffer> {
  const rules = new ContentRules({ entryLimit: Infinity, totalLimitBytes: Infinity });
  for await (const member of membersOf(directory, '')) {
    rules.admit(member);
    const isEmpty = member.type === 'Directory' || member.sizeBytes === 0;
    yield* tarMember(
      member,
      isEmpty ? [] : createReadStream(join(directory, member.path), { highWaterMark: READ_BYTES }),
    );
  }
  yield TAR_END;
}

async function* membersOf(directory: string, parent: string): AsyncGenerator<TarMember> {
  const names = await readdir(join(directory, parent));
  for (const name of names.sort(compareBytes)) {
    const path = `${parent}${name}`;
    const stats = await lstat(join(directory, path));
    const mode = (stats.mode & 0o111) === 0 ? 0o644 : 0o755;
    if (stats.isDirectory()) {
      yield { path: `${path}/`, type: 'Directory', mode: 0o755, mtime: stats.mtime, sizeBytes: 0 };
      yield* membersOf(directory, `${path}/`);
    } else if (stats.isFile()) {
      yield { path, type: 'File', mode, mtime: stats.mtime, sizeBytes: stats.size };
    } else {
      throw new FatalError(
        `"${printable(path)}" cannot be packed: a package may hold only regular files and directories`,
      );
    }
  }
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
