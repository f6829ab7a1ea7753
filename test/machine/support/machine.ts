import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../../support/poll.js';
import { attempt, command, type CommandOptions, type Output } from './command.js';
import { createControlGroup, type ControlGroup } from './control-group.js';
import type { Network } from './network.js';

/** What systemd-nspawn exits with when the machine wants to be started again. */
const REBOOT_CODE = 133;
const BOOT_TIMEOUT_MS = 90_000;

/** A Debian system, booted with its own systemd, whose one network device leads to the test's network. */
export interface Machine {
  readonly root: string;
  readonly network: Network;
  /** Lines of shell, run in the machine by root. @returns what they printed; throws when they failed */
  run(lines: string, options?: CommandOptions): Promise<string>;
  /** The same, when they may fail. */
  attempt(lines: string, options?: CommandOptions): Promise<Output>;
  /** Differs after each boot. */
  bootId(): Promise<string>;
  /** Resolves once the system has booted that was not up at `earlierBootId`. */
  waitForBoot(earlierBootId?: string): Promise<void>;
  shutDown(): Promise<void>;
  start(): Promise<void>;
  /** As when the plug is pulled. */
  cutPower(): Promise<void>;
  /** What the console has shown since the machine was made. */
  console(): string;
  remove(): Promise<void>;
}

export interface MachineOptions {
  readonly root: string;
  readonly network: Network;
  /** Of this end of the cable, each with its prefix length. */
  readonly addresses: readonly string[];
  readonly extraArguments?: readonly string[];
}

/** Boots the system in `root`, and again whenever it reboots. Resolves once it is up. */
export async function bootMachine({
  root,
  network,
  addresses,
  extraArguments = [],
}: MachineOptions): Promise<Machine> {
  const name = network.name.replace('admind-', 'm');
  const group = await createControlGroup(network.name);
  const supervision = [
    'systemd-nspawn',
    '--quiet',
    '--register=no',
    '--keep-unit',
    '--console=read-only',
  ].concat(['--network-veth', `--machine=${name}`, `--directory=${root}`, '--boot'], extraArguments);
  let supervisor: ChildProcess | undefined;
  let ended = Promise.resolve();
  let leader: number | undefined;
  /** The first process of each boot that was asked for its id. */
  const leaders = new Map<string, number>();
  let shown = '';

  const start = async () => {
    const child = spawn('/bin/sh', group.enter('nsenter', `--net=${network.path}`, '--', ...supervision), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
    }
    supervisor = child;
    let isOver = false;
    ended = once(child, 'close').then(async ([code]) => {
      isOver = true;
      leader = undefined;
      if (supervisor !== child) return;
      supervisor = undefined;
      if (code === REBOOT_CODE) await start();
    });
    // Awaited by whoever shuts it down; a reboot that fails shows in the test that waits for it.
    ended.catch(() => undefined);
    const fail = () => {
      throw new Error(`systemd-nspawn did not boot:\n${shown.slice(-2000)}`);
    };
    const device = `ve-${name}`;
    await poll('the network device is there', async () => {
      if (isOver) fail();
      return (await attempt('ip', ['-n', network.name, 'link', 'show', device])).code === 0;
    });
    await network.connect(device, addresses);
    leader = await poll('systemd runs', () => (isOver ? fail() : initOf(group)), BOOT_TIMEOUT_MS);
  };

  const inside = (lines: string) => {
    if (leader === undefined)
      throw new Error(`the machine is off; its console ended:\n${shown.slice(-2000)}`);
    return ['--target', String(leader), '--all', '--', '/bin/sh', '-euc', `cd /root\n${lines}`];
  };
  // The environment of a root login, and nothing of that of the test.
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: '/root',
  };
  const machine: Machine = {
    root,
    network,
    run: async (lines, options) => command('nsenter', inside(lines), { env, ...options }),
    attempt: async (lines, options) => attempt('nsenter', inside(lines), { env, ...options }),
    bootId: async () => {
      const known = leader;
      const bootId = await machine.run('cat /proc/sys/kernel/random/boot_id');
      if (known !== undefined) leaders.set(bootId, known);
      return bootId;
    },
    waitForBoot: (earlierBootId) =>
      poll(
        'the machine has booted',
        async () => {
          // One that goes down is left alone: it would wait for the processes of whoever enters it meanwhile.
          if (leader === undefined || leader === leaders.get(earlierBootId ?? '')) return false;
          const { stdout } = await machine.attempt(
            'cat /proc/sys/kernel/random/boot_id; systemctl is-system-running',
          );
          const [bootId, state = ''] = stdout.split('\n');
          return `${bootId ?? ''}\n` !== earlierBootId && /^(running|degraded)$/.test(state);
        },
        BOOT_TIMEOUT_MS,
      ).then(() => undefined),
    shutDown: async () => {
      await machine.attempt('systemctl --no-block poweroff');
      await ended;
    },
    start: async () => {
      await start();
      await machine.waitForBoot();
    },
    cutPower: async () => {
      const victim = supervisor;
      supervisor = undefined;
      // All of the machine dies with its first process, but not with the supervisor.
      if (leader !== undefined) process.kill(leader, 'SIGKILL');
      else victim?.kill('SIGKILL');
      await ended;
    },
    console: () => shown,
    remove: async () => {
      await machine.cutPower();
      await group.remove();
      // Left where /run is no tmpfs.
      await rm(join('/run/systemd/nspawn/propagate', name), { recursive: true, force: true });
    },
  };
  try {
    await machine.start();
    return machine;
  } catch (error) {
    await machine.remove();
    throw error;
  }
}

/** The process that is 1 in the machine, by which the machine is entered: once systemd runs there, not before. */
async function initOf({ directories: [directory = ''] }: ControlGroup): Promise<number | false> {
  const ids = await readFile(join(directory, 'payload/init.scope/cgroup.procs'), 'utf8').catch(() => '');
  return Number(ids.split('\n')[0]) || false;
}
