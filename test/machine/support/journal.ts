import type { Machine } from './machine.js';

interface Entry {
  readonly MESSAGE: string;
  readonly SYSLOG_IDENTIFIER?: string;
  readonly _SYSTEMD_UNIT?: string;
}

/** What the daemon and `admind prepare` say from now on, a line each, without the lines of systemd about them. */
export async function followJournal(machine: Machine): Promise<() => Promise<readonly string[]>> {
  const cursor = await machine.run('journalctl --quiet --lines 0 --show-cursor');
  const after = cursor.trim().replace('-- cursor: ', '');
  // Of a process that ends at once, the journal may not know the unit.
  const ofDaemon = ({ SYSLOG_IDENTIFIER: identifier, _SYSTEMD_UNIT: unit = '' }: Entry) =>
    identifier === 'admind' && /^(admind\.service|init\.scope|)$/.test(unit);
  return async () => {
    // Not with --identifier: systemd 252 drops the first line that matches where the one at the cursor does not.
    const shown = await machine.run(`journalctl --quiet --no-pager --output json --after-cursor '${after}'`);
    const entries = shown.split('\n').filter((line) => line !== '');
    return entries
      .map((line) => JSON.parse(line) as Entry)
      .filter(ofDaemon)
      .map(({ MESSAGE }) => MESSAGE);
  };
}
