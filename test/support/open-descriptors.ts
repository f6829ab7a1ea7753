import { readdirSync, readlinkSync } from 'node:fs';

/** The open file descriptors of a process, by what each leads to: `pipe`, `socket`, a path. */
export function openDescriptors(pid: number): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory)
    .map((descriptor) => linkOf(`${directory}/${descriptor}`))
    .filter((target) => target !== undefined)
    .map((target) => target.replace(/:\[\d+\]$/, ''))
    .sort();
}

/** It may have been closed meanwhile. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
