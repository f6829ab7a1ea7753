import { closeSync, openSync } from 'node:fs';

/** What starting a process takes for a moment: two for each of at most three pipes, two to hear of a failure. */
const FOR_A_PROCESS = 8;

/**
 * To be asked before a process is started: without free file descriptors Node's `spawn` fails half-way, and each attempt
 * costs some of them for good.
 *
 * @throws the system error (EMFILE, ENFILE) when fewer are free
 */
export function requireDescriptors(): void {
  const taken: number[] = [];
  try {
    while (taken.length < FOR_A_PROCESS) taken.push(openSync('/dev/null', 'r'));
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
  }
}
