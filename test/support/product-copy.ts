import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The built product in a directory of its own, for tests that need another system script, or a fault in its source. */
export interface ProductCopy {
  readonly directory: string;
  /** Replaces a script under `scripts/`. */
  script(name: string, content: string): Promise<void>;
  /** Changes a file under `src/`, for the next {@link build}; throws when `change` leaves it as it is. */
  edit(file: string, change: (text: string) => string): Promise<void>;
  /** Builds the programs anew. */
  build(): Promise<void>;
  remove(): Promise<void>;
}

export async function copyProduct(): Promise<ProductCopy> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-product-'));
  for (const part of ['dist', 'src', 'config', 'scripts', 'package.json', 'tsconfig.json']) {
    await cp(part, join(directory, part), { recursive: true });
  }
  await symlink(resolve('node_modules'), join(directory, 'node_modules'));
  return {
    directory,
    async script(name, content) {
      const file = join(directory, 'scripts', name);
      await writeFile(file, `#!/bin/sh\n${content}`);
      await chmod(file, 0o755);
    },
    async edit(name, change) {
      const file = join(directory, 'src', name);
      const text = await readFile(file, 'utf8');
      const changed = change(text);
      if (changed === text) throw new Error(`${name} is as it was: what was to be changed is not there`);
      await writeFile(file, changed);
    },
    async build() {
      await promisify(execFile)(process.execPath, ['scripts/build.js'], { cwd: directory });
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
