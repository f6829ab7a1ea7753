import type { TestAppliance } from '../../support/appliance.js';
import type { Tolerance } from '../oracle/judge.js';
import type { Call } from './calls.js';

/** Calls whose failure keeps a file from being removed; a directory is asked for by `statx`, and by `newfstatat` to list it. */
const REMOVES = /^(unlink(at)?|rmdir|openat|getdents64|statx|newfstatat)$/;

/** What the calls that failed may have brought about. A file that could not be removed is removed when the job runs again. */
export function toleranceOf(calls: readonly Call[], { paths }: TestAppliance): Tolerance {
  const injected = calls.filter(({ isInjected }) => isInjected);
  return {
    keepsFiles: injected.some(({ name }) => REMOVES.test(name)),
    // The script that reboots may fail when it has told the machine.
    failsWhenDone: injected.length > 0,
    losesLog: injected.some(({ text }) => text.includes(paths.log)),
  };
}
