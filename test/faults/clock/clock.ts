import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The time of a daemon and its runners, by libfaketime: it can be changed while they run, as that of a machine can. */
export interface Clock {
  /** Starts the daemon under this clock: {@link StandOptions.prefix}. */
  readonly prefix: readonly string[];
  /** @param seconds by which it is ahead of the true time from now on */
  set(seconds: number): void;
  remove(): void;
}

export function createClock(seconds = 0): Clock {
  const directory = mkdtempSync(join(tmpdir(), 'admind-clock-'));
  const file = join(directory, 'time');
  const set = (ahead: number) => {
    writeFileSync(`${file}.new`, `${ahead < 0 ? '' : '+'}${ahead}\n`);
    renameSync(`${file}.new`, file);
  };
  set(seconds);
  const environment = {
    LD_PRELOAD: findLibrary() ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    // A jump leaves the time since the boot, and the times that files have, as they are.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  return {
    prefix: ['env', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
    set,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export function lacksClock(): string | undefined {
  return findLibrary() === undefined ? 'libfaketime is not installed' : undefined;
}

/** Its place is named after the architecture. */
function findLibrary(): string | undefined {
  return readdirSync('/usr/lib')
    .map((name) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
    .find((file) => existsSync(file));
}
