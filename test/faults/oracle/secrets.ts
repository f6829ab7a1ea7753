import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stand } from '../stand/stand.js';
import { readdirSync, readFileSync } from 'node:fs';

/** Where secrets of the stand are, or were seen to be, told that must not be: `the token in log/update.log`. */
export async function leakedSecrets(stand: Stand): Promise<string[]> {
  const { paths } = stand.appliance;
  const texts = new Map([['the output of the daemon', stand.printed()]]);
  for (const directory of [paths.log, paths.etc]) {
    for (const name of await readdir(directory)) {
      const isRecord = directory === paths.log || /^status_|^health/.test(name);
      if (isRecord) texts.set(name, await readFile(join(directory, name), 'utf8').catch(() => ''));
    }
  }
  texts.set('the process list', [...stand.seen.commandLines, commandLines()].join('\n'));
  texts.set('an answer', [...stand.seen.answers].join('\n'));
  return [...texts].flatMap(([place, text]) =>
    [...stand.secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${place}`),
  );
}

/** Of all processes but this one and those it has started to attack. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}
