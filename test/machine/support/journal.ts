import type { Machine } from './machine.js';

interface Entry {
  readonly MESSAGE: string;
  readonly _SYSTEMD_UNIT?: string;
}

/** What the daemon and `admind prepare` say from now on, a line each, without the lines of systemd about them. */
export async function followJournal(machine: Machine): Promise<() => Promise<readonly string[]>> {
  const cursor = await machine.run('journalctl --quiet --lines 0 --show-cursor');
  const after = cursor.trim().replace('-- cursor: ', '');
  // Of a process that ends at once, the journal may know no unit, or one that it had looked up for another.
  const ofDaemon = ({ _SYSTEMD_UNIT: unit = '' }: Entry) => !unit.startsWith('admind-');
  return async () => {
    const shown = await machine.run(
      `journalctl --quiet --no-pager --output json --after-cursor '${after}' --identifier admind`,
    );
    const entries = shown.split('\n').filter((line) => line !== '');
    return entries
      .map((line) => JSON.parse(line) as Entry)
      .filter(ofDaemon)
      .map(({ MESSAGE }) => MESSAGE);
  };
}
