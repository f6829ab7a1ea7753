import { copyFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { poll } from '../../support/poll.js';
import { baseRoot } from './base-root.js';
import type { Output } from './command.js';
import { builtPackage } from './debian-package.js';
import { bootMachine, type Machine } from './machine.js';
import { createNetwork } from './network.js';
import { furnish, type Vendor } from './vendor.js';
import { writableRoot } from './writable-root.js';

export const TOKEN = 'the-token-of-the-operator';
/** The address that the vendor ships the appliance with, and one that a test may give it; both are reachable. */
export const FIRST_ADDRESS = '192.0.2.10';
export const SECOND_ADDRESS = '198.51.100.10';
const OUTSIDE = ['192.0.2.1/24', '198.51.100.1/24'];
const READY_TIMEOUT_MS = 60_000;

/** A booted appliance, its vendor and its operator, who is outside. */
export interface Appliance {
  readonly machine: Machine;
  readonly vendor: Vendor;
  /** For files of the operator. */
  readonly workspace: string;
  /** The installed package. */
  readonly package: string;
  /** Where the operator expects the API. */
  address: string;
  /** `admin-curl`, run by the operator. @returns what it printed; throws when it failed */
  adminCurl(...args: readonly string[]): Promise<string>;
  tryAdminCurl(...args: readonly string[]): Promise<Output>;
  /** The status code and the body of a request without credentials. */
  curl(path: string, ...args: readonly string[]): Promise<{ status: number; body: string }>;
  /** Copies a package into the machine and installs it there, as the packager would. */
  install(file: string): Promise<string>;
  /** Resolves once the API answers. */
  waitUntilReady(): Promise<void>;
  setToken(): Promise<void>;
  writeFile(name: string, content: string | object): Promise<string>;
  remove(): Promise<void>;
}

/** Boots a new appliance and installs the package on it, without a token yet. */
export async function bootAppliance({ isInstalled = true } = {}): Promise<Appliance> {
  const root = await writableRoot(await baseRoot());
  const cleanUp: (() => Promise<void>)[] = [root.remove];
  const remove = async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  };
  try {
    const { workspace } = root;
    const vendor = await furnish(root.path, workspace);
    const network = await createNetwork();
    cleanUp.push(network.remove);
    const machine = await bootMachine({ root: root.path, network, addresses: OUTSIDE });
    cleanUp.push(machine.remove);
    const appliance = createOperator({ machine, vendor, workspace, package: await builtPackage(), remove });
    if (isInstalled) {
      await appliance.install(appliance.package);
      await appliance.waitUntilReady();
    }
    return appliance;
  } catch (error) {
    await remove();
    throw error;
  }
}

function createOperator(
  parts: Pick<Appliance, 'machine' | 'vendor' | 'workspace' | 'package' | 'remove'>,
): Appliance {
  const { machine, workspace } = parts;
  const tokenFile = join(workspace, 'token.txt');
  const url = () => `https://${appliance.address}:8443`;
  const env = { PATH: process.env.PATH ?? '', ADMIND_TOKEN_FILE: tokenFile, ADMIN_CURL_POLL_SECONDS: '0.2' };
  const signed = (args: readonly string[]) => ['--url', url(), '--insecure', ...args];
  const appliance: Appliance = {
    ...parts,
    address: FIRST_ADDRESS,
    adminCurl: (...args) => machine.network.command('scripts/admin-curl', signed(args), { env }),
    tryAdminCurl: (...args) => machine.network.attempt('scripts/admin-curl', signed(args), { env }),
    curl: async (path, ...args) => {
      const options = ['--silent', '--insecure', '--max-time', '5', '--write-out', '\n%{http_code}'];
      const { stdout } = await machine.network.attempt('curl', [...options, ...args, url() + path]);
      const end = stdout.lastIndexOf('\n');
      return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
    },
    install: async (file) => {
      await copyFile(file, join(machine.root, 'root', basename(file)));
      return machine.run(
        `DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /root/${basename(file)} 2>&1`,
      );
    },
    waitUntilReady: async () => {
      await poll(
        'the API answers',
        async () => (await appliance.curl('/api/v1/admin/')).status > 0,
        READY_TIMEOUT_MS,
      );
    },
    setToken: async () => {
      await writeFile(tokenFile, TOKEN);
      await appliance.adminCurl('--no-token', 'POST', '/setup', '-F', `newtoken=<${tokenFile}`);
    },
    writeFile: async (name, content) => {
      const file = join(workspace, name);
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
      return file;
    },
  };
  return appliance;
}
