import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';

/** Whether a program, named or with its path, is installed. */
export function hasTool(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((directory) => isExecutable(resolve(directory, name)));
}

/** `test`, or `test.skip` where one of the programs is not installed. */
export function testWith(...programs: readonly string[]) {
  return programs.every(hasTool) ? test : test.skip;
}

/** `describe`, or `describe.skip` where one of the programs is not installed. */
export function describeWith(...programs: readonly string[]) {
  return programs.every(hasTool) ? describe : describe.skip;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
