import type { Machine } from './machine.js';

const JOURNAL = 'journalctl --no-pager --lines 100 --output short-monotonic; systemctl --no-pager --failed';

/** Shows what a machine on which a test failed has to say. */
export async function showMachine(machine: Machine): Promise<void> {
  const journal = await machine.attempt(JOURNAL).then(({ stdout }) => stdout, String);
  process.stderr.write(`--- console\n${machine.console().slice(-3000)}\n--- journal\n${journal}\n---\n`);
}
