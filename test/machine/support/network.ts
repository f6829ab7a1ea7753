import { attempt, command, type CommandOptions, type Output } from './command.js';

/** A network of its own, in which nothing is but a test and its machine. Documentation addresses (RFC 5737) fit. */
export interface Network {
  readonly name: string;
  /** Where the kernel shows it: what `nsenter --net=` takes. */
  readonly path: string;
  /** Gives this end of the cable to the machine its addresses, each with its prefix length. */
  connect(device: string, addresses: readonly string[]): Promise<void>;
  /** Runs a program outside of the machine, in this network. */
  command(program: string, args: readonly string[], options?: CommandOptions): Promise<string>;
  attempt(program: string, args: readonly string[], options?: CommandOptions): Promise<Output>;
  remove(): Promise<void>;
}

let created = 0;

export async function createNetwork(): Promise<Network> {
  created += 1;
  const name = `admind-${process.pid}-${created}`;
  await command('ip', ['netns', 'add', name]);
  await command('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const path = `/run/netns/${name}`;
  // Not `ip netns exec`, which mounts a /sys without control groups.
  const inside = (program: string, args: readonly string[]) => [`--net=${path}`, '--', program, ...args];
  return {
    name,
    path,
    connect: async (device, addresses) => {
      for (const address of addresses) {
        await command('ip', ['-n', name, 'address', 'replace', address, 'dev', device]);
      }
      await command('ip', ['-n', name, 'link', 'set', device, 'up']);
    },
    command: (program, args, options) => command('nsenter', inside(program, args), options),
    attempt: (program, args, options) => attempt('nsenter', inside(program, args), options),
    remove: async () => {
      await command('ip', ['netns', 'delete', name]);
    },
  };
}
