import type { Machine } from './machine.js';

/** What the daemon and `admind prepare` say from now on, a line each, without the lines of systemd about them. */
export async function followJournal(machine: Machine): Promise<() => Promise<readonly string[]>> {
  const cursor = await machine.run('journalctl --quiet --lines 0 --show-cursor');
  const after = cursor.trim().replace('-- cursor: ', '');
  return async () => {
    const shown = await machine.run(
      `journalctl --quiet --no-pager --output cat --after-cursor '${after}' _SYSTEMD_UNIT=admind.service`,
    );
    return shown.split('\n').filter((line) => line !== '');
  };
}
