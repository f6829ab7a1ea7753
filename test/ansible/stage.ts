import type { TestDaemonOptions } from '../support/daemon.js';
import { startFleet, type FleetMember } from './fleet.js';
import { createControlNode, type ControlNode } from './playbook.js';

/** Of one ansible test, which plays on two slow cores. */
export const LIMIT_MS = 600_000;

export const TOKEN = 'fleet-token-7f3a';

export const SETTINGS = {
  network: { interface: 'eth0', hostname: 'appliance.example' },
  app: { name: 'fleet', limit: 3, key: 'app-secret-51c0' },
};

export const UNCHANGED = { changed: 0, failed: 0 };

/** What each test of a file has: a control node, and the appliances that it starts. */
export interface Stage {
  readonly control: ControlNode;
  start(names: readonly string[], options?: TestDaemonOptions): Promise<readonly FleetMember[]>;
}

/** Call it in a describe. No run may leave a file with a secret behind, failed or not. */
export function setStage(): Stage {
  let control: ControlNode;
  let fleet: readonly FleetMember[] = [];
  beforeEach(async () => {
    control = await createControlNode();
  });
  afterEach(async () => {
    const leftovers = await control.leftovers();
    for (const member of fleet) await member.stop();
    fleet = [];
    await control.remove();
    expect(leftovers).toEqual([]);
  });
  return {
    get control() {
      return control;
    },
    async start(names, options) {
      return (fleet = await startFleet(names, options));
    },
  };
}

/** The token on file, if there is one. */
export async function tokenOf({ paths, read }: FleetMember): Promise<string | undefined> {
  const text = await read(paths.apiToken).catch(() => undefined);
  return text?.trim();
}
