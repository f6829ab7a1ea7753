import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { networkMode, readNetworkSettings } from '../appliance/network-settings.js';
import { jsonLine } from '../appliance/settings-file.js';
import { readStorageSettings } from '../appliance/storage-settings.js';
import {
  readUploadedSettings,
  readUploadedStorage,
  type UploadedSettings,
} from '../appliance/uploaded-settings.js';
import { sftpUploads } from '../config/paths.js';
import { firstLine } from '../core/first-line.js';
import { AdminError, messageOf } from '../core/errors.js';
import { createUploadDirectory, removeUploadDirectory } from '../http/upload-directory.js';
import { readTextFile } from '../system/atomic-file.js';
import { followLog } from './follow-log.js';
import { isUploaded, runJob, type SshSession } from './ssh-session.js';

/** Changes the network and app settings to what was uploaded; what was not stays as it is. */
export async function changeSettings(session: SshSession): Promise<boolean> {
  const { paths, argument } = session;
  const uploads = sftpUploads(paths);
  for (const file of [uploads.networkJson, uploads.networkConf, uploads.appJson]) await isUploaded(file);
  return change(session, 'settings', await readUploadedSettings(uploads, paths), async (file) => {
    const mode = networkMode(await readNetworkSettings(file));
    if (argument === undefined || argument === mode) return mode;
    throw new AdminError('badRequest', `The uploaded settings are ${mode}, not ${argument}`);
  });
}

/** Changes the storage settings to what was uploaded. */
export async function changeStorage(session: SshSession): Promise<boolean> {
  const uploads = sftpUploads(session.paths);
  for (const file of [uploads.storageJson, uploads.storageConf]) await isUploaded(file);
  return change(session, 'storage', await readUploadedStorage(uploads), async (file) => {
    await readStorageSettings(file, session.paths);
    return '';
  });
}

/** @param validate returns the target for the audit log; without an upload the job itself reports what is missing */
async function change(
  session: SshSession,
  name: 'settings' | 'storage',
  uploaded: UploadedSettings | undefined,
  validate: (file: string) => Promise<string>,
): Promise<boolean> {
  if (!uploaded) return runJob(session, name);
  const directory = await createUploadDirectory(session.paths.taken, session.id);
  try {
    const file = join(directory, 'settings');
    await writeFile(file, jsonLine(uploaded.document), { mode: 0o600 });
    const target = await validate(file);
    const hasSucceeded = await runJob(session, name, { settings: file }, { target });
    for (const source of uploaded.sources) await removeUploaded(session, source);
    return hasSucceeded;
  } finally {
    await removeUploadDirectory(directory);
  }
}

/** Sets the API token to the first line of what was uploaded. */
export async function changeToken(session: SshSession): Promise<boolean> {
  const { paths, audit, id, address, write } = session;
  const { apiToken } = sftpUploads(paths);
  const text = (await isUploaded(apiToken)) ? await readTextFile(apiToken) : undefined;
  if (text === undefined) throw new AdminError('notFound', `Missing ${apiToken}`);
  const token = firstLine(text);
  const log = await followLog(paths.tokenLog, write);
  await log.showUntil(session.operations.setToken(token, 'any'));
  await audit.record({ id, action: 'token.update.success', target: 'api/v1/admin/setup', address });
  await removeUploaded(session, apiToken);
  return true;
}

/** What was changed is changed, whether what asked for it can be removed or not. */
async function removeUploaded({ logger }: SshSession, file: string): Promise<void> {
  await rm(file, { force: true }).catch((error: unknown) => {
    logger.error({ file, reason: messageOf(error) }, 'an upload could not be removed');
  });
}
