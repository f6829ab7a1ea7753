import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listServices } from '../actions/list-services.js';
import { readVersion } from '../appliance/version.js';
import { compareVersions } from '../appliance/version-order.js';
import type { Paths } from '../config/paths.js';
import { AdminError } from '../core/errors.js';
import { readTextFile } from '../system/atomic-file.js';
import { followLog } from './follow-log.js';
import { runJob, runJobWith, type SshSession } from './ssh-session.js';
import { changeSettings, changeStorage, changeToken } from './ssh-settings.js';

export interface SshOperation {
  readonly summary: string;
  /** The arguments that it takes, in any case. */
  readonly allowed?: readonly string[];
  readonly needsArgument?: boolean;
  /**
   * @returns whether it succeeded
   * @throws AdminError that says why it could not be started
   */
  run(session: SshSession): Promise<boolean>;
}

/** What can be asked for over SSH, by the words that existing appliances use. */
export const SSH_OPERATIONS: Readonly<Record<string, SshOperation>> = {
  update: {
    summary: 'install the highest version of software_package-*.enc',
    run: async (session) => runJob(session, 'update', { update: await highestPackage(session.paths) }),
  },
  version: {
    summary: 'print the version of the system',
    run({ paths, write }) {
      write(`${required(readVersion(paths.version))}\n`);
      return Promise.resolve(true);
    },
  },
  changelog: {
    summary: 'print what changed with the last update',
    async run({ paths, write }) {
      write(required(await readTextFile(paths.changelog)));
      return true;
    },
  },
  settings: {
    summary: 'change the settings to network.json (or network.conf) and app.json',
    allowed: ['static', 'dhcp'],
    run: changeSettings,
  },
  storage: {
    summary: 'change the storage settings to storage.json (or storage.conf)',
    run: changeStorage,
  },
  certs: {
    summary: 'change the TLS certificate to appliance.pem, appliance.key and ca.pem',
    run: (session) =>
      runJobWith(session, 'certs', ({ certsPublic, certsPrivate, certsCa }) => ({
        public: certsPublic,
        private: certsPrivate,
        ca: certsCa,
      })),
  },
  license: {
    summary: 'change the license to license.asc',
    run: (session) => runJobWith(session, 'license', ({ license }) => ({ license }), { ofSuccess: true }),
  },
  token: { summary: 'set the API token to the first line of api.token', run: changeToken },
  backup: {
    summary: 'make backup.tar, stop and delete it, or restore backup-archive.tar',
    allowed: ['START', 'STOP', 'RESTORE'],
    needsArgument: true,
    run: changeBackup,
  },
  services: {
    summary: 'print which services are running',
    async run(session) {
      session.write(`${JSON.stringify(await listServices(session))}\n`);
      return true;
    },
  },
  logs: {
    summary: 'make logs.tar.gz, to be fetched by SFTP',
    run: (session) =>
      runJob(session, 'logs', {}, { action: 'logs.get', target: 'logs.tar.gz', ofSuccess: true }),
  },
  debug: {
    summary: 'make debug-bundle.tar, to be fetched by SFTP',
    run: (session) =>
      runJob(session, 'debug', {}, { action: 'debug.get', target: 'debug-bundle.tar', ofSuccess: true }),
  },
  reboot: { summary: 'reboot the appliance', run: (session) => runJob(session, 'reboot') },
};

async function highestPackage({ uploads }: Paths): Promise<string | undefined> {
  const packages = (await readdir(uploads)).filter((name) => /^software_package-.*\.enc$/.test(name));
  const highest = packages.sort(compareVersions).at(-1);
  return highest === undefined ? undefined : join(uploads, highest);
}

async function changeBackup(session: SshSession): Promise<boolean> {
  const { paths, audit, write, id, address, argument: target = '' } = session;
  if (target === 'START') return runJob(session, 'backup', {}, { target });
  if (target === 'RESTORE') {
    const event = { action: 'backup.restore', target: 'backup-archive.tar', ofSuccess: true };
    return runJobWith(session, 'restore', ({ backupArchive }) => ({ archive: backupArchive }), event);
  }
  const log = await followLog(paths.backupLog, write);
  await log.showUntil(session.operations.stopBackup());
  await audit.record({ id, action: 'backup.post', target, address });
  return true;
}

function required(text: string | undefined): string {
  if (text === undefined) throw new AdminError('notFound', '');
  return text;
}
