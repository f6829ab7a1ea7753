import { readTextFile } from '../system/atomic-file.js';

/** A shell command of the vendor, to be run for a debug bundle. */
export interface DebugCommand {
  /** Where it stands in `debug.txt`, from 1. */
  readonly line: number;
  readonly command: string;
}

/** The commands in `debug.txt`: each line up to its first `;`, lines without one skipped. */
export async function readDebugCommands(file: string): Promise<readonly DebugCommand[]> {
  const lines = ((await readTextFile(file)) ?? '').split('\n');
  return lines
    .map((text, index) => ({ line: index + 1, command: (text.split(';')[0] ?? '').trim() }))
    .filter(({ command }) => command !== '');
}
