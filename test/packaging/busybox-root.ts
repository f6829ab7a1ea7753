import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasTool } from '../support/tools.js';

/** A system of busybox alone, with what the programs in `binaries` are linked with: no dpkg, systemd, sudo or useradd. */
export function makeBusyboxRoot(root: string, binaries: readonly string[]): void {
  for (const directory of [
    'bin',
    'usr/bin',
    'etc/sudoers.d',
    'proc',
    'dev',
    'tmp',
    'opt/jidoteki/tinyadmin',
  ]) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  const busybox = realpathSync(run('sh', '-c', 'command -v busybox').trim());
  cpSync(busybox, join(root, 'bin/busybox'));
  for (const name of run(busybox, '--list').split('\n')) {
    if (name && name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name));
  }
  symlinkSync('../../bin/env', join(root, 'usr/bin/env'));
  for (const binary of [busybox, ...binaries]) {
    for (const [library] of run('ldd', binary).matchAll(/\/\S+/g)) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      cpSync(realpathSync(library), join(root, library));
    }
  }
  // The last line lacks its end, as one that was written by hand may; the group's usual number is taken.
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nold:x:996:996::/:/bin/false');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nold:x:996:\nother:x:997:\n');
  writeFileSync(join(root, 'etc/shadow'), 'root:*:19000:0:99999:7:::\n', { mode: 0o640 });
  for (const [name, minor] of Object.entries({ null: '3', random: '8', urandom: '9' })) {
    run('mknod', '--mode=666', join(root, 'dev', name), 'c', '1', minor);
  }
}

/** Runs a shell line there, with processes, mounts and a network of its own. @returns what it printed */
export function inRoot(root: string, line: string): string {
  const enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" /bin/sh -c "ip link set lo up; $1"';
  const args = ['--mount', '--pid', '--net', '--fork', '--kill-child', 'sh', '-c', enter, root, line];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' };
  return execFileSync('unshare', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** @returns why there can be none here; undefined when there can */
export function whyNoBusyboxRoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can enter another root';
  const missing = ['busybox', 'unshare', 'chroot', 'ldd', 'mknod'].filter((tool) => !hasTool(tool));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  try {
    execFileSync('unshare', ['--mount', '--pid', '--net', '--fork', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'namespaces are not allowed';
  }
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' });
}
