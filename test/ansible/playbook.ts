import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FleetMember } from './fleet.js';

export const ANSIBLE = resolve('scripts/ansible');

type Variables = Readonly<Record<string, unknown>>;

/** A directory with what Ansible reads and writes. */
export interface ControlNode {
  readonly directory: string;
  /** Writes a file that only its owner may read. @returns its path */
  file(name: string, content: string): Promise<string>;
  /** Runs one of the playbooks until it ends. */
  play(playbook: 'setup.yml' | 'update.yml', options: PlayOptions): Promise<Played>;
  /** Runs a program of Ansible until it ends. */
  run(
    program: string,
    args: readonly string[],
    watch?: (output: string) => void,
  ): Promise<{ status: number; output: string }>;
  /** Names of what runs have left in the directory for temporary files. */
  leftovers(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export interface PlayOptions {
  readonly fleet: readonly Pick<FleetMember, 'name' | 'host' | 'port' | 'fingerprint'>[];
  /** Of all appliances. */
  readonly vars?: Variables;
  /** Of single appliances, by name. */
  readonly hostVars?: Readonly<Record<string, Variables>>;
  readonly args?: readonly string[];
  /** Called with everything that was printed so far, whenever that grows. */
  readonly watch?: (output: string) => void;
}

export interface Played {
  readonly status: number;
  readonly output: string;
  /** The recap, of the appliances that were in the play before it ended. */
  readonly recap: Readonly<Record<string, { readonly changed: number; readonly failed: number }>>;
}

export async function createControlNode(): Promise<ControlNode> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-ansible-'));
  const temporary = join(directory, 'tmp');
  await mkdir(temporary);
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    LANG: 'C.UTF-8',
    TMPDIR: temporary,
    ANSIBLE_HOME: join(directory, 'ansible'),
    ANSIBLE_LOCAL_TEMP: join(directory, 'ansible/tmp'),
    ANSIBLE_REMOTE_TEMP: join(directory, 'ansible/tmp'),
    ANSIBLE_NOCOLOR: '1',
    ADMIN_CURL_POLL_SECONDS: '0.1',
  };
  const file = async (name: string, content: string) => {
    await writeFile(join(directory, name), content, { mode: 0o600 });
    return join(directory, name);
  };
  const run: ControlNode['run'] = async (program, args, watch = () => undefined) => {
    const child = spawn(program, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => watch((output += text)));
    }
    const [status] = (await once(child, 'close')) as [number];
    return { status, output };
  };
  return {
    directory,
    file,
    run,
    async play(playbook, { fleet, vars = {}, hostVars = {}, args = [], watch }) {
      const hosts = Object.fromEntries(
        fleet.map(({ name, host, port, fingerprint }) => [
          name,
          { admind_host: host, admind_port: port, admind_fingerprint: fingerprint, ...hostVars[name] },
        ]),
      );
      const inventory = await file('inventory.json', JSON.stringify({ appliances: { hosts, vars } }));
      const result = await run(
        'ansible-playbook',
        ['-i', inventory, ...args, join(ANSIBLE, playbook)],
        watch,
      );
      return { ...result, recap: recapOf(result.output) };
    },
    leftovers: () => readdir(temporary),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function recapOf(output: string): Played['recap'] {
  const lines = output.matchAll(/^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=\d+ +failed=(\d+)/gm);
  return Object.fromEntries(
    [...lines].map(([, name = '', changed, failed]) => [
      name,
      { changed: Number(changed), failed: Number(failed) },
    ]),
  );
}
