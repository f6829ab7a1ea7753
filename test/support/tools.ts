import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Whether a program is installed: tests that need it are skipped, and say so, where it is not. */
export function hasTool(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((directory) => isExecutable(join(directory, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
