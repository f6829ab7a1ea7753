import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a shell script of the appliance: `#!/bin/sh` and the given lines. */
export async function writeScript(file: string, lines: string, mode = 0o755): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, lines.startsWith('#!') ? lines : `#!/bin/sh\n${lines}\n`);
  await chmod(file, mode);
}
