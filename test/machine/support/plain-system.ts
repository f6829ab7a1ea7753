import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { poll } from '../../support/poll.js';
import { hasTool } from '../../support/tools.js';
import { baseRoot } from './base-root.js';
import { attempt, command, type CommandOptions, type Output } from './command.js';
import { createNetwork, type Network } from './network.js';
import { createOperator, type Operator } from './operator.js';
import { describeWhere } from './requirements.js';
import { furnish, type Vendor } from './vendor.js';
import { writableRoot } from './writable-root.js';

const TOOLS = ['debootstrap', 'apt-get', 'unshare', 'nsenter', 'chroot', 'ip', 'curl', 'openssl'];
const SYSTEMD = ['lib/systemd/systemd*', 'usr/lib/systemd/systemd*', 'bin/systemctl', 'usr/bin/systemctl'];

/** The first process: takes care of those whose parents have ended. */
const INIT = `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount -t tmpfs tmpfs "$0/run" &&
exec chroot "$0" /bin/bash -c 'touch /run/booted; while sleep 0.2; do :; done'`;

/** An appliance without systemd: processes, mounts and a network of its own, and the API at 127.0.0.1 of that network. */
export interface PlainSystem extends Operator, Inside {
  readonly root: string;
  readonly network: Network;
  readonly vendor: Vendor;
  /** For files outside of the system. */
  readonly workspace: string;
  remove(): Promise<void>;
}

interface Inside {
  /** Lines of shell, run there by root. @returns what they printed; throws when they failed */
  run(lines: string, options?: CommandOptions): Promise<string>;
  /** The same, when they may fail, and perhaps by another user. */
  attempt(lines: string, options?: CommandOptions & { readonly user?: string }): Promise<Output>;
}

export const describePlainSystem = await describeWhere(async () => {
  if (process.getuid?.() !== 0) return 'only root can enter another root';
  const missing = TOOLS.filter((tool) => !hasTool(tool));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  const trial = await attempt('unshare', ['--mount', '--pid', '--net', '--fork', 'true']);
  return trial.code === 0 ? undefined : `namespaces are not allowed: ${trial.stderr.trim()}`;
});

export async function startPlainSystem(): Promise<PlainSystem> {
  const { path: root, workspace, remove: removeRoot } = await writableRoot(await baseRoot());
  const cleanUp: (() => Promise<unknown>)[] = [removeRoot];
  const remove = async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  };
  try {
    const vendor = await furnish(root, workspace);
    await command('sh', ['-c', `cd "$0" && rm -rf ${SYSTEMD.join(' ')}`, root]);
    const network = await createNetwork();
    cleanUp.push(network.remove);
    // What `host0` is where a machine has a cable.
    await command('ip', [
      '-n',
      network.name,
      'link',
      'add',
      'host0',
      'type',
      'veth',
      'peer',
      'name',
      'cable',
    ]);
    const first = await startInit(root, network);
    cleanUp.push(first.end);
    const operator = createOperator(network, workspace, '127.0.0.1');
    return Object.assign(operator, { root, network, vendor, workspace, remove }, inside(first.id));
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Prepares the appliance and starts the daemon as its user, as an init without systemd does. Resolves once it answers. */
export async function startDaemon(system: PlainSystem): Promise<void> {
  await system.run('admind prepare >>/var/log/admind.log 2>&1');
  const { code, stderr } = await system.attempt(
    'setsid admind serve >/tmp/admind.log 2>&1 & echo $! >/tmp/admind.pid',
    { user: 'admind' },
  );
  if (code !== 0) throw new Error(`the daemon did not start: ${stderr}`);
  await system.waitUntilReady();
}

export async function stopDaemon(system: PlainSystem): Promise<void> {
  await system.run('kill $(cat /tmp/admind.pid)');
  await poll('the daemon has stopped', async () => (await system.curl('/healthz')).status === 0);
}

async function startInit(root: string, network: Network) {
  const separate = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', INIT, root];
  const child = spawn('nsenter', [`--net=${network.path}`, '--', ...separate], { stdio: 'ignore' });
  const closed = once(child, 'close');
  const end = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  try {
    const id = await poll('the system has started', async () => {
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(
        () => '',
      );
      const first = Number(children.trim().split(' ')[0]);
      if (!first) return false;
      return (await inside(first).attempt('test -e /run/booted')).code === 0 && first;
    });
    return { id, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** @param id of the first process of the system */
function inside(id: number): Inside {
  // The environment of a root login, and nothing of that of the test.
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: '/root',
  };
  const enter = (lines: string, user?: string) => {
    const become = ['setpriv', '--reuid', user ?? '', '--regid', user ?? '', '--init-groups', '--'];
    return [
      ...['--target', String(id), '--mount', '--pid', '--net', '--root', '--wd', '--'],
      ...(user === undefined ? [] : become),
      ...['/bin/sh', '-euc', `cd /\n${lines}`],
    ];
  };
  return {
    run: (lines, options) => command('nsenter', enter(lines), { env, ...options }),
    attempt: (lines, { user, ...options } = {}) =>
      attempt('nsenter', enter(lines, user), { env, ...options }),
  };
}
