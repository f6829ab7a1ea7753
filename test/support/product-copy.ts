import { chmod, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The built product in a directory of its own, for tests that need another system script. */
export interface ProductCopy {
  readonly directory: string;
  /** Replaces a script under `scripts/`. */
  script(name: string, content: string): Promise<void>;
  remove(): Promise<void>;
}

export async function copyProduct(): Promise<ProductCopy> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-product-'));
  for (const part of ['dist', 'config', 'scripts', 'package.json']) {
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
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
