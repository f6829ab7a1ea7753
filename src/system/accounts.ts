import { readFileSync } from 'node:fs';

/** The user that the daemon of an installed appliance runs as. */
export const DAEMON_USER = 'admind';
/** The group of existing appliances whose members may read what a mode lets the group read. */
export const ADMIN_GROUP = 'admin';
/** Its number there. */
const ADMIN_GROUP_ID = 997;

/** The number of a user of this machine; undefined where there is no such user. */
export function findUserId(name: string): number | undefined {
  return findId('/etc/passwd', name);
}

/** The number of the group `admin`; where this machine has none, the one that existing appliances give it. */
export function findAdminGroupId(): number {
  return findId('/etc/group', ADMIN_GROUP) ?? ADMIN_GROUP_ID;
}

/** passwd(5) and group(5): the name is the first field, the number the third. */
function findId(file: string, wanted: string): number | undefined {
  for (const line of readLines(file)) {
    const [name, , number = ''] = line.split(':');
    if (name === wanted && /^\d+$/.test(number)) return Number(number);
  }
  return undefined;
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    // A machine without accounts, such as a minimal container.
    return [];
  }
}
