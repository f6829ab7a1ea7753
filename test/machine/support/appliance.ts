import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { poll } from '../../support/poll.js';
import { baseRoot } from './base-root.js';
import { builtPackage } from './debian-package.js';
import { bootMachine, type Machine } from './machine.js';
import { createNetwork } from './network.js';
import { createOperator, type Operator } from './operator.js';
import { furnish, type Vendor } from './vendor.js';
import { showMachine } from './show-machine.js';
import { writableRoot } from './writable-root.js';

/** The address that the vendor ships the appliance with, and one that a test may give it; both are reachable. */
export const FIRST_ADDRESS = '192.0.2.10';
export const SECOND_ADDRESS = '198.51.100.10';
const OUTSIDE = ['192.0.2.1/24', '198.51.100.1/24'];

/** A booted appliance, its vendor and its operator. */
export interface Appliance extends Operator {
  readonly machine: Machine;
  readonly vendor: Vendor;
  /** For files outside of the machine. */
  readonly workspace: string;
  /** The package under test. */
  readonly package: string;
  /** Copies a package into the machine and installs it there, as the packager would. */
  install(file: string): Promise<string>;
  remove(): Promise<void>;
}

export interface ApplianceOptions {
  /** Default: true. */
  readonly isInstalled?: boolean;
  /** For the machine's first process, at each boot: what is the kernel's command line elsewhere. */
  readonly bootArguments?: readonly string[];
}

/** Boots a new appliance and installs the package on it, without a token yet. */
export async function bootAppliance({
  isInstalled = true,
  bootArguments = [],
}: ApplianceOptions = {}): Promise<Appliance> {
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
    const machine = await bootMachine({
      ...{ root: root.path, network, addresses: OUTSIDE },
      extraArguments: bootArguments,
    });
    cleanUp.push(machine.remove);
    const appliance: Appliance = Object.assign(createOperator(network, workspace, FIRST_ADDRESS), {
      ...{ machine, vendor, workspace, remove },
      package: await builtPackage(),
      install: async (file: string) => {
        await copyFile(file, join(machine.root, 'root', basename(file)));
        const options = 'DEBIAN_FRONTEND=noninteractive dpkg --force-confold';
        return machine.run(`${options} --install /root/${basename(file)} 2>&1`);
      },
    });
    if (isInstalled) {
      try {
        await appliance.install(appliance.package);
        await appliance.waitUntilReady();
      } catch (error) {
        await showMachine(machine);
        throw error;
      }
    }
    return appliance;
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Resolves once a job has the status, as existing tools read it on the appliance itself. */
export async function jobSettled({ machine }: Appliance, job: string, status: string): Promise<void> {
  const file = `/opt/jidoteki/tinyadmin/etc/status_${job}.txt`;
  await poll(
    `${job} is ${status}`,
    async () => (await machine.attempt(`cat ${file}`)).stdout.trim() === status,
  );
}
