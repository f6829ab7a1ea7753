import { connect } from 'node:net';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../../support/poll.js';
import { command } from './command.js';
import type { Network } from './network.js';
import { openSerialShell, SHELL_UNIT, type SerialShell } from './serial-shell.js';

const DISK_SIZE = '2G';
const MEMORY_MIB = 1024;
/** An emulated processor boots Debian in half a minute. */
const BOOT_TIMEOUT_MS = 240_000;
/** The address that the emulator's network gives, in its own private network, which leads nowhere. */
export const EMULATED_NETWORK = { address: '10.0.2.15', netmask: '255.255.255.0', gateway: '10.0.2.2' };

/** Neither the appliance nor a test has a use for them, and each takes seconds to start. */
const UNUSED_UNITS = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer'],
  ...['e2scrub_reap.service', 'fstrim.timer', 'cron.service', 'getty.target', 'systemd-logind.service'],
  ...['systemd-pstore.service', 'systemd-binfmt.service', 'systemd-udev-settle.service'],
];

/** A whole machine with a disk of its own, whose API is reachable at 127.0.0.1 of the given network. */
export interface Emulator {
  /** Resolves once root has a shell. @param clock what the machine's own clock shows; default: the time */
  powerOn(clock?: string): Promise<void>;
  /** At once, whatever is being written. */
  cutPower(): Promise<void>;
  /** Lines of shell, run in the machine by root. @returns what they printed; throws when they failed */
  run(lines: string): Promise<string>;
  /** A disk that writes so often in a second, 0 for as often as it can: between two steps is time for a cut. */
  limitWrites(perSecond: number): Promise<void>;
  console(): string;
}

/** @param root a system with a kernel, which is copied to the disk */
export async function createEmulator(root: string, workspace: string, network: Network): Promise<Emulator> {
  await writeFile(join(root, 'etc/systemd/system/serial-shell.service'), SHELL_UNIT);
  await command('chroot', [root, 'systemctl', '--quiet', 'enable', 'serial-shell.service']);
  await command('chroot', [root, 'systemctl', '--quiet', 'mask', ...UNUSED_UNITS]);
  const disk = join(workspace, 'disk.ext4');
  await command('mkfs.ext4', ['-q', '-d', root, disk, DISK_SIZE]);
  const boot = await readdir(join(root, 'boot'));
  const fileOf = (prefix: string) =>
    join(workspace, 'boot', boot.find((name) => name.startsWith(prefix)) ?? '');
  await command('cp', ['-r', join(root, 'boot'), join(workspace, 'boot')]);
  const sockets = { shell: join(workspace, 'shell.socket'), monitor: join(workspace, 'monitor.socket') };
  const args = [
    ...['-display', 'none', '-no-reboot', '-m', String(MEMORY_MIB), '-smp', '2'],
    // Without KVM: where this machine is itself a virtual one, KVM may be there and not work.
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max'],
    ...['-kernel', fileOf('vmlinuz'), '-initrd', fileOf('initrd')],
    ...['-append', 'console=ttyS0 root=/dev/vda rw net.ifnames=0 panic=1 mitigations=off'],
    // What the guest has written survives the emulator in this machine's memory: it need not wait for a disk.
    ...['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`],
    ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:8443-${EMULATED_NETWORK.address}:8443`],
    ...['-device', 'virtio-net-pci,netdev=net'],
    ...['-serial', 'stdio'],
    ...['-chardev', `socket,id=shell,path=${sockets.shell},server=on,wait=off`, '-serial', 'chardev:shell'],
    ...['-monitor', `unix:${sockets.monitor},server=on,wait=off`],
  ];
  let running: ChildProcess | undefined;
  let shell: SerialShell | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let shown = '';
  const withConsole = <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      throw new Error(`${String(error)}; the console ended:\n${shown.slice(-4000)}`, { cause: error });
    });
  return {
    powerOn: async (clock = 'base=utc') => {
      for (const socket of Object.values(sockets)) await rm(socket, { force: true });
      const qemu = ['qemu-system-x86_64', ...args, '-rtc', clock];
      const child = spawn('nsenter', [`--net=${network.path}`, '--', ...qemu], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
      }
      running = child;
      ended = once(child, 'close');
      shell = await withConsole(openSerialShell(sockets.shell));
      await withConsole(shell.waitUntilReady(BOOT_TIMEOUT_MS));
    },
    cutPower: async () => {
      running?.kill('SIGKILL');
      shell?.close();
      await ended;
    },
    run: async (lines) => {
      if (!shell) throw new Error('the machine is off');
      const { code, stdout } = await withConsole(shell.attempt(lines));
      if (code !== 0) throw new Error(`${lines}: exit ${code}\n${stdout}`);
      return stdout;
    },
    limitWrites: async (perSecond) => {
      const order = `block_set_io_throttle virtio0 0 0 0 0 0 ${perSecond}\n`;
      await tellMonitor(sockets.monitor, order);
    },
    console: () => shown,
  };
}

async function tellMonitor(path: string, order: string): Promise<void> {
  const socket = connect(path);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.write(order);
  try {
    // One prompt as greeting, one when the order is carried out.
    const isDone = () => Promise.resolve(answer.split('(qemu)').length > 2);
    await poll('the monitor has answered', isDone);
  } finally {
    socket.destroy();
  }
}
