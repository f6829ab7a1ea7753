import { constants } from 'node:fs';
import { chmod, chown, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sftpUploadsDirectories, type Paths } from '../config/paths.js';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import { DAEMON_USER, findAdminGroupId, findUserId } from '../system/accounts.js';
import { makeDirectory } from '../system/make-directory.js';
import { openMakingDirectory } from '../system/open-making-directory.js';
import { linkHealth, unlinkHealth } from './health-link.js';
import {
  assign,
  openRecord,
  ownershipOf,
  readRecord,
  removeRecord,
  type Ownership,
} from './ownership-record.js';

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const ROOT = 0;
const SAME = -1;

/**
 * Gives each file of the appliance to the side that works with it: what root reads, runs or trusts can be written by
 * root alone, what the daemon has to read can be read by it, and its uploads, its audit log and the token are its own.
 * How it was before is recorded, for {@link restoreOwnership}; nothing is changed where no record can be begun. Does nothing in a
 * sandbox, for another user than root, and on a machine without the daemon's user.
 *
 * @param report is told what could not be written: a full disk, or one that is read-only, keeps no daemon from working
 */
export async function secureOwnership(
  paths: Paths,
  report: (error: unknown) => void | Promise<void>,
): Promise<void> {
  if (paths.root !== undefined || process.geteuid?.() !== ROOT) return;
  const daemon = findUserId(DAEMON_USER);
  if (daemon === undefined) return;
  const record = await openRecord(paths);
  if (record.isNew) for (const path of rewrittenFiles(paths)) record.add(await ownershipOf(path));
  // On the disk before the first change: after a power cut, what is changed would be taken for what was there.
  await arrange(paths, daemon, (current) => {
    record.add(current);
    return Promise.resolve();
  });
  const isSaved = await record.save().then(
    () => true,
    async (error: unknown) => {
      await report(error);
      return false;
    },
  );
  // A file system that is read-only keeps its owners, and the daemon can be asked why.
  const ifReadOnly = async (error: unknown) => {
    if (errnoOf(error) !== 'EROFS') throw error;
    await report(error);
  };
  // What is on no record could never be put back.
  const mayChange = isSaved || !record.isNew;
  if (mayChange) {
    await createMissing(paths.auditLog).catch(report);
    await arrange(paths, daemon, (current, { uid, gid, mode }) =>
      assign(current.path, uid, gid, mode).catch(ifReadOnly),
    );
  }
  for (const directory of [paths.incoming, dirname(paths.volatileHealth)]) {
    await makeDirectory(directory);
    await chown(directory, daemon, SAME).catch(ifReadOnly);
  }
  await chmod(paths.incoming, 0o700).catch(ifReadOnly);
  if (mayChange) await linkHealth(paths).catch(report);
}

type Change = (current: Ownership, wanted: Ownership) => Promise<void>;

/** Calls `change` for each file that is not as it should be. */
async function arrange(paths: Paths, daemon: number, change: Change): Promise<void> {
  const admins = findAdminGroupId();
  const want = async (
    path: string,
    next: (current: Ownership) => Partial<Omit<Ownership, 'path'>>,
  ): Promise<void> => {
    const current = await ownershipOf(path);
    if (!current) return;
    const wanted = { ...current, ...next(current) };
    const { uid, gid, mode } = wanted;
    if (uid !== current.uid || gid !== current.gid || mode !== current.mode) await change(current, wanted);
  };
  for (const path of await trustedPaths(paths)) {
    await want(path, ({ uid, mode }) => ({ uid: uid === daemon ? ROOT : uid, mode: mode & ~OTHERS_WRITE }));
  }
  // Whoever may upload there must not take away, or replace, what root puts there.
  await want(paths.uploads, ({ mode }) => ({ uid: ROOT, gid: admins, mode: mode | STICKY | 0o770 }));
  for (const path of daemonReads(paths)) {
    await want(path, ({ gid, mode }) => {
      const isReadable = (mode & 0o004) !== 0 || (gid === admins && (mode & 0o040) !== 0);
      return isReadable ? {} : { gid: admins, mode: (mode & ~OTHERS_WRITE) | 0o040 };
    });
  }
  await want(paths.auditLog, ({ mode }) => ({ uid: daemon, gid: admins, mode: mode & ~OTHERS_WRITE }));
  for (const path of [paths.apiToken, paths.apiTokenSetup]) {
    await want(path, () => ({ uid: daemon, mode: 0o600 }));
  }
}

/**
 * Puts back what {@link secureOwnership} has changed, for another program that administers this appliance. What it wrote
 * and admind has written since is its own again; such files that it did not have go to who owns their directory.
 */
export async function restoreOwnership(paths: Paths): Promise<void> {
  const record = await readRecord(paths);
  if (record === undefined) return;
  await unlinkHealth(paths);
  const before = new Map(record.map((ownership) => [ownership.path, ownership]));
  for (const path of rewrittenFiles(paths)) {
    const made = before.has(path) ? undefined : await ownershipOf(path);
    const directory = before.get(dirname(path)) ?? (await ownershipOf(dirname(path)));
    if (made && directory) await assign(path, directory.uid, directory.gid, made.mode);
  }
  // What lies in a directory before the directory, which others may write again after that.
  for (const { path, uid, gid, mode } of record.toSorted((a, b) => b.path.length - a.path.length)) {
    if (await ownershipOf(path)) await assign(path, uid, gid, mode);
  }
  await removeRecord(paths);
}

/** Each directory on the way, so that nothing below can be exchanged, and whatever root runs or believes. */
async function trustedPaths(paths: Paths): Promise<readonly string[]> {
  const { admin, bin, etc, lib, log, tmp, taken } = paths;
  const vendor = ((await readdir(bin).catch(ignoreMissing)) ?? []).map((name) => join(bin, name));
  const believed = [
    paths.updatesKey,
    paths.updatesPublicKey,
    paths.debugList,
    paths.logsList,
    paths.backupList,
    paths.version,
    paths.settings,
    paths.endpointConfiguration,
    paths.serviceList,
    paths.networkConf,
    paths.storageConf,
  ];
  const directories = [admin, bin, etc, lib, log, tmp, ...sftpUploadsDirectories(paths), taken];
  return [...directories, ...vendor, ...believed];
}

function daemonReads(paths: Paths): readonly string[] {
  const { tlsBundle, tlsPrivateKey, tlsCertificate, networkJson, appJson, storageJson, storageOptions } =
    paths;
  const { version, changelog, build, serviceList, endpointConfiguration, settings } = paths;
  return [
    ...[tlsBundle, tlsPrivateKey, tlsCertificate, networkJson, appJson, storageJson, storageOptions],
    ...[version, changelog, build, serviceList, endpointConfiguration, settings],
  ];
}

/** What jobs write anew, as files of their own, whoever has written it before. */
function rewrittenFiles(paths: Paths): readonly string[] {
  const { updateStatusJson, updateStatusText, updateErrorMessage, updateErrorCode, apiToken, apiTokenSetup } =
    paths;
  const { networkJson, appJson, networkConf, storageJson, storageConf, license, health } = paths;
  const { backupArchive, backupStatus, logsArchive, debugBundle } = paths;
  const { tlsPrivateKey, tlsCertificate, tlsBundle, tlsCa, caBundle } = paths;
  return [
    ...[updateStatusJson, updateStatusText, updateErrorMessage, updateErrorCode, apiToken, apiTokenSetup],
    ...[networkJson, appJson, networkConf, storageJson, storageConf, license, health],
    ...[backupArchive, backupStatus, logsArchive, debugBundle],
    ...[tlsPrivateKey, tlsCertificate, tlsBundle, tlsCa, caBundle],
    ...[
      paths.settingsStatus,
      paths.storageStatus,
      paths.certsStatus,
      paths.licenseStatus,
      paths.restoreStatus,
    ],
    ...[paths.logsStatus, paths.debugStatus, paths.rebootStatus],
    ...[paths.auditLog, paths.tokenLog, paths.updateLog, paths.settingsLog, paths.storageLog, paths.certsLog],
    ...[paths.licenseLog, paths.backupLog, paths.logsLog, paths.debugLog, paths.rebootLog],
  ];
}

/** Its directory, too, which an update script may have removed. */
async function createMissing(file: string): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const flags = O_WRONLY | O_CREAT | O_EXCL;
  const handle = await openMakingDirectory(file, flags, 0o644, 0o755).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  try {
    await handle?.chmod(0o644);
  } finally {
    await handle?.close();
  }
}
