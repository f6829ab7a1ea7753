import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing } from '../../../src/core/errors.js';
import type { TestAppliance } from '../../support/appliance.js';
import { listFiles } from './leftovers.js';

/** Mode and owner of each file and directory, by its name: `600 0:0`. */
export type Attributes = ReadonlyMap<string, string>;

export async function attributesOf(appliance: TestAppliance): Promise<Attributes> {
  const all = new Map<string, string>();
  for (const name of await listFiles(appliance)) {
    const stats = await lstat(join(appliance.root, name)).catch(ignoreMissing);
    if (stats) all.set(name, `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`);
  }
  return all;
}

/** What has others than before: `etc/license.asc: 600 0:0, now 644 0:0`. */
export function changedAttributes(before: Attributes, now: Attributes): string[] {
  return [...before].flatMap(([name, old]) => {
    const other = now.get(name) ?? old;
    return other === old ? [] : [`${name}: ${old}, now ${other}`];
  });
}
