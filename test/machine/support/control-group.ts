import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../../support/poll.js';

/**
 * A control group of its own for a machine: `systemd-nspawn --keep-unit` boots its system in the group that it finds itself
 * in, and two systems in one group would take each other's processes for their own.
 */
export interface ControlGroup {
  /** Where the group and those below it lie, in each hierarchy. */
  readonly directories: readonly string[];
  /** The arguments for /bin/sh that run a program in the group. */
  enter(program: string, ...args: readonly string[]): string[];
  remove(): Promise<void>;
}

export async function createControlGroup(name: string): Promise<ControlGroup> {
  const groups = (await ownGroups()).map((group) => join(group, name));
  if (groups.length === 0) throw new Error('no control groups are mounted: mount cgroup2 at /sys/fs/cgroup');
  for (const group of groups) await mkdir(group);
  const enter = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done; shift; exec "$@"';
  return {
    directories: groups,
    enter: (program, ...args) => ['-c', enter, 'sh', ...groups, '--', program, ...args],
    remove: async () => {
      for (const group of groups) await removeTree(group);
    },
  };
}

/** The groups of this process in systemd's own hierarchies: the unified one, and beside it that of older kernels' set-up. */
async function ownGroups(): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' '));
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n');
  return lines.flatMap((line) => {
    const [, hierarchy, path = '/'] = line.split(':');
    if (hierarchy !== '' && hierarchy !== 'name=systemd') return [];
    const mount = mounts.find((fields) => {
      const [type, , options] = fields.slice(fields.indexOf('-') + 1);
      return hierarchy === '' ? type === 'cgroup2' : type === 'cgroup' && options?.includes(hierarchy);
    });
    return mount?.[4] === undefined ? [] : [join(mount[4], path)];
  });
}

async function removeTree(group: string): Promise<void> {
  const entries = await readdir(group, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(group, entry.name));
  // The processes of a machine that was just killed leave a moment later.
  await poll(`the control group ${group} is empty`, () =>
    rmdir(group).then(
      () => true,
      () => false,
    ),
  );
}
