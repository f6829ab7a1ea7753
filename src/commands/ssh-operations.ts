import { lstat, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listServices } from '../actions/list-services.js';
import { setToken } from '../actions/set-token.js';
import { networkMode, readNetworkSettings } from '../appliance/network-settings.js';
import { readUploadedSettings } from '../appliance/uploaded-settings.js';
import { readVersion } from '../appliance/version.js';
import { compareVersions } from '../appliance/version-order.js';
import { sftpUploads, type Paths, type SftpUploads } from '../config/paths.js';
import type { ApplianceContext } from '../context.js';
import { AdminError, ignoreMissing } from '../core/errors.js';
import { createUploadDirectory, removeUploadDirectory } from '../http/upload-directory.js';
import { jobs, type JobName } from '../jobs/index.js';
import type { JobOutcome } from '../jobs/runner-messages.js';
import { readTextFile } from '../system/atomic-file.js';
import { followLog } from './follow-log.js';

/** One SSH command: who asked for it, and where what it says goes. */
export interface SshSession extends ApplianceContext {
  /** 16 hex digits, for the audit log. */
  readonly id: string;
  readonly address: string | undefined;
  /** One of the operation's allowed ones. */
  readonly argument: string | undefined;
  readonly write: (text: string | Buffer) => void;
}

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
    async run({ paths, write }) {
      write(`${required(await readVersion(paths.version))}\n`);
      return true;
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
    summary: 'change the storage settings to storage.json',
    run: (session) => runJobWith(session, 'storage', ({ storageJson }) => ({ settings: storageJson })),
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
    run: (session) => runJobWith(session, 'license', ({ license }) => ({ license })),
  },
  token: { summary: 'set the API token to the first line of api.token', run: changeToken },
  services: {
    summary: 'print which services are running',
    async run(session) {
      session.write(`${JSON.stringify(await listServices(session))}\n`);
      return true;
    },
  },
  logs: {
    summary: 'make logs.tar.gz, to be fetched by SFTP',
    run: (session) => runJob(session, 'logs', {}, 'logs.tar.gz', 'get'),
  },
  debug: {
    summary: 'make debug-bundle.tar, to be fetched by SFTP',
    run: (session) => runJob(session, 'debug', {}, 'debug-bundle.tar', 'get'),
  },
  reboot: { summary: 'reboot the appliance', run: (session) => runJob(session, 'reboot', {}) },
};

/** Starts a job, shows its log and waits for its end. What is not there is left for the job to report. */
async function runJob(
  { launcher, paths, audit, write, id, address }: SshSession,
  name: JobName,
  files: Readonly<Record<string, string | undefined>>,
  target = '',
  verb: 'get' | 'post' = 'post',
): Promise<boolean> {
  const inputs: Record<string, string> = {};
  for (const [field, file] of Object.entries(files)) {
    if (file !== undefined && (await isUploaded(file))) inputs[field] = file;
  }
  const log = await followLog(jobs[name].log(paths).file, write);
  const job = await launcher.start(name, inputs);
  // What is to be said comes from the log: nothing has to leave before the machine may go.
  job.answer();
  await audit.record({ id, action: `${name}.${verb}`, target, address });
  return hasSucceeded(await log.showUntil(job.ended));
}

function runJobWith(
  session: SshSession,
  name: JobName,
  files: (uploads: SftpUploads) => Readonly<Record<string, string>>,
): Promise<boolean> {
  return runJob(session, name, files(sftpUploads(session.paths)));
}

function hasSucceeded({ state }: JobOutcome): boolean {
  return state === 'success';
}

/** @throws AdminError for a link, which could lead to a file that the administrator may not see */
async function isUploaded(file: string): Promise<boolean> {
  const found = await lstat(file).catch(ignoreMissing);
  if (found && !found.isFile()) throw new AdminError('badRequest', `${file} is not a regular file`);
  return found !== undefined;
}

async function highestPackage({ uploads }: Paths): Promise<string | undefined> {
  const packages = (await readdir(uploads)).filter((name) => /^software_package-.*\.enc$/.test(name));
  const highest = packages.sort(compareVersions).at(-1);
  return highest === undefined ? undefined : join(uploads, highest);
}

async function changeSettings(session: SshSession): Promise<boolean> {
  const { paths, id, argument } = session;
  const uploads = sftpUploads(paths);
  for (const file of [uploads.networkJson, uploads.networkConf, uploads.appJson]) await isUploaded(file);
  const uploaded = await readUploadedSettings(uploads, paths);
  if (!uploaded) return runJob(session, 'settings', {}, argument);
  const directory = await createUploadDirectory(paths.uploads, id);
  try {
    const file = join(directory, 'settings');
    await writeFile(file, JSON.stringify(uploaded.document));
    const mode = networkMode(await readNetworkSettings(file));
    if (argument !== undefined && argument !== mode) {
      throw new AdminError('badRequest', `The uploaded settings are ${mode}, not ${argument}`);
    }
    const hasSucceeded = await runJob(session, 'settings', { settings: file }, mode);
    for (const source of uploaded.sources) await rm(source, { force: true });
    return hasSucceeded;
  } finally {
    await removeUploadDirectory(directory);
  }
}

async function changeToken(session: SshSession): Promise<boolean> {
  const { paths, audit, id, address, write } = session;
  const { apiToken } = sftpUploads(paths);
  const text = (await isUploaded(apiToken)) ? await readTextFile(apiToken) : undefined;
  if (text === undefined) throw new AdminError('notFound', `Missing ${apiToken}`);
  const token = text.split('\n', 1)[0]?.replace(/\r$/, '') ?? '';
  const log = await followLog(paths.tokenLog, write);
  await log.showUntil(setToken(session, token, true));
  await rm(apiToken);
  await audit.record({ id, action: 'token.update.success', target: 'api/v1/admin/setup', address });
  return true;
}

function required(text: string | undefined): string {
  if (text === undefined) throw new AdminError('notFound', '');
  return text;
}
