import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { EVERYTHING, type TestAppliance } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from '../support/daemon.js';
import { writeScript } from '../support/script-file.js';

/** An appliance with a daemon that listens on an address of its own. */
export interface FleetMember extends TestDaemon {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** SHA-256, as the console shows it. */
  readonly fingerprint: string;
}

/**
 * Starts appliances on 127.0.0.1, 127.0.0.2, … that have version 1.0.0, every endpoint, no token, and take the
 * packages that the first one takes.
 */
export async function startFleet(
  names: readonly string[],
  options: TestDaemonOptions = {},
): Promise<readonly FleetMember[]> {
  const fleet = await Promise.all(
    names.map((name, index) => startMember(name, `127.0.0.${index + 1}`, options)),
  );
  for (const key of ['updatesKey', 'updatesPublicKey'] as const) {
    const content = await fleet[0]!.read(fleet[0]!.paths[key]);
    for (const { paths, write } of fleet) await write(paths[key], content);
  }
  return fleet;
}

async function startMember(
  name: string,
  host: string,
  { settings, prepare, ...options }: TestDaemonOptions,
): Promise<FleetMember> {
  const member = await startTestDaemon({
    token: null,
    ...options,
    settings: { host, ...settings },
    async prepare(appliance) {
      await install(appliance);
      await prepare?.(appliance);
    },
  });
  const certificate = new X509Certificate(await member.read(member.paths.tlsCertificate));
  return { ...member, name, host, port: member.daemon.port ?? 0, fingerprint: certificate.fingerprint256 };
}

async function install({ paths, write }: TestAppliance): Promise<void> {
  await write(paths.version, '1.0.0\n');
  await write(paths.endpointConfiguration, EVERYTHING);
  await write(paths.storageOptions, '{"options":["local","iscsi"]}');
  await writeScript(
    join(paths.bin, 'network.sh'),
    '! grep -q unlucky "$ADMIND_ROOT/usr/local/etc/network.conf"',
  );
  await writeScript(join(paths.bin, 'storage.sh'), 'exit 0');
  await writeScript(join(paths.bin, 'license.sh'), 'cat "$JIDO_ADMIN_PATH/etc/license.asc"');
}
