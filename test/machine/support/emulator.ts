import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.js';
import type { Network } from './network.js';

const DISK_SIZE = '2G';
const MEMORY_MIB = 1024;
/** The address that the emulator's network gives, in its own private network, which leads nowhere. */
export const EMULATED_NETWORK = { address: '10.0.2.15', netmask: '255.255.255.0', gateway: '10.0.2.2' };

/** A whole machine with a disk of its own, whose API is reachable at 127.0.0.1 of the given network. */
export interface Emulator {
  powerOn(): void;
  /** At once, whatever is being written. */
  cutPower(): Promise<void>;
  console(): string;
}

/** @param root a system with a kernel, which is copied to the disk */
export async function createEmulator(root: string, workspace: string, network: Network): Promise<Emulator> {
  const disk = join(workspace, 'disk.ext4');
  await command('mkfs.ext4', ['-q', '-d', root, disk, DISK_SIZE]);
  const boot = await readdir(join(root, 'boot'));
  const fileOf = (prefix: string) =>
    join(workspace, 'boot', boot.find((name) => name.startsWith(prefix)) ?? '');
  await command('cp', ['-r', join(root, 'boot'), join(workspace, 'boot')]);
  const args = [
    ...['-nographic', '-no-reboot', '-m', String(MEMORY_MIB), '-smp', '2'],
    // The plain processor: not every nested KVM has all that the host's own has.
    ...['-machine', 'accel=kvm:tcg'],
    ...['-kernel', fileOf('vmlinuz'), '-initrd', fileOf('initrd')],
    ...['-append', 'console=ttyS0 root=/dev/vda rw net.ifnames=0 panic=1'],
    // What the guest has written survives the emulator in this machine's memory: it need not wait for a disk.
    ...['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`],
    ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:8443-${EMULATED_NETWORK.address}:8443`],
    ...['-device', 'virtio-net-pci,netdev=net'],
  ];
  let running: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let shown = '';
  return {
    powerOn: () => {
      const child = spawn('nsenter', [`--net=${network.path}`, '--', 'qemu-system-x86_64', ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
      }
      running = child;
      ended = once(child, 'close');
    },
    cutPower: async () => {
      running?.kill('SIGKILL');
      await ended;
    },
    console: () => shown,
  };
}
