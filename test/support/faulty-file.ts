import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What happens when a process is about to replace, to create or to remove a file. */
export interface FileFault {
  readonly file: string;
  /** An errno, which the call fails with, or a signal, which comes before anything is done. */
  readonly effect: 'SIGKILL' | 'SIGSTOP' | 'ENOSPC';
  /** From 1, counted by each process; default: each time. */
  readonly nth?: number | undefined;
}

/** A program with its arguments that starts a program of the product with that fault, also in what that one starts. */
export function faultAt({ file, effect, nth }: FileFault): readonly string[] {
  const options = `--import ${pathToFileURL(resolve('test/support/fail-at-file.mjs')).href}`;
  return [
    'env',
    `NODE_OPTIONS=${options}`,
    `FAULT_FILE=${file}`,
    `FAULT_EFFECT=${effect}`,
    `FAULT_NTH=${nth ?? ''}`,
  ];
}
