import { readdirSync, readFileSync, statSync } from 'node:fs';

const LISTENS = '0A';

/** The TCP ports on which a process listens, in ascending order. */
export function listeningPorts(pid: number): readonly number[] {
  const inodes = inodesOf(pid);
  const sockets = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1),
  );
  const ports = sockets.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENS && inodes.has(Number(inode)) ? [parseInt(local.split(':')[1] ?? '', 16)] : [];
  });
  return ports.sort((a, b) => a - b);
}

function inodesOf(pid: number): ReadonlySet<number> {
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  // One may have been closed meanwhile.
  const stats = descriptors.map((name) => statSync(`/proc/${pid}/fd/${name}`, { throwIfNoEntry: false }));
  return new Set(stats.flatMap((one) => (one === undefined ? [] : [one.ino])));
}
