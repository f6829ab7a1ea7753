import { chmod, chown, lstat, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sftpUploadsDirectories, type Paths } from '../config/paths.js';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import { DAEMON_USER, findAdminGroupId, findUserId } from '../system/accounts.js';
import { readTextFile, stagedName, writeFileAtomic } from '../system/atomic-file.js';

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const ROOT = 0;
const SAME = -1;

interface Ownership {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
}

/**
 * Gives each file of the appliance to the side that works with it: what root reads, runs or trusts can be written by
 * root alone, what the daemon has to read can be read by it, and its uploads, its audit log and the token are its own.
 * How it was before is recorded, for {@link restoreOwnership}. Does nothing on a machine without the daemon's user.
 *
 * @param report is told what could not be written: a full disk keeps no daemon from working
 */
export async function secureOwnership(
  paths: Paths,
  report: (error: unknown) => void | Promise<void>,
): Promise<void> {
  const daemon = findUserId(DAEMON_USER);
  if (daemon === undefined) return;
  const admins = findAdminGroupId();
  const record = await openRecord(paths);
  for (const path of await trustedPaths(paths)) {
    await change(record, path, ({ uid, mode }) => ({
      uid: uid === daemon ? ROOT : uid,
      mode: mode & ~OTHERS_WRITE,
    }));
  }
  // Whoever may upload there must not take away, or replace, what root puts there.
  await change(record, paths.uploads, ({ mode }) => ({
    uid: ROOT,
    gid: admins,
    mode: mode | STICKY | 0o770,
  }));
  for (const path of daemonReads(paths)) {
    await change(record, path, ({ gid, mode }) => {
      const isReadable = (mode & 0o004) !== 0 || (gid === admins && (mode & 0o040) !== 0);
      return isReadable ? {} : { gid: admins, mode: (mode & ~OTHERS_WRITE) | 0o040 };
    });
  }
  await createMissing(paths.auditLog).catch(report);
  await change(record, paths.auditLog, ({ mode }) => ({
    uid: daemon,
    gid: admins,
    mode: mode & ~OTHERS_WRITE,
  }));
  for (const path of [paths.apiToken, paths.apiTokenSetup]) {
    await change(record, path, () => ({ uid: daemon, mode: 0o600 }));
  }
  await record.save().catch(report);
  for (const directory of [paths.incoming, dirname(paths.volatileHealth)]) {
    await mkdir(directory, { recursive: true });
    await chown(directory, daemon, SAME);
  }
  await chmod(paths.incoming, 0o700);
  await linkHealth(paths).catch(report);
}

/** Puts back what {@link secureOwnership} has changed, for another program that administers this appliance. */
export async function restoreOwnership(paths: Paths): Promise<void> {
  const health = await lstat(paths.health).catch(ignoreMissing);
  if (health?.isSymbolicLink() === true) await rm(paths.health);
  for (const { path, uid, gid, mode } of await readRecord(paths)) {
    const stats = await lstat(path).catch(ignoreMissing);
    if (!stats || stats.isSymbolicLink()) continue;
    await chown(path, uid, gid);
    await chmod(path, mode);
  }
  await rm(recordOf(paths), { force: true });
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

interface OwnershipRecord {
  add(ownership: Ownership): void;
  save(): Promise<void>;
}

async function change(
  record: OwnershipRecord,
  path: string,
  next: (current: Ownership) => Partial<Omit<Ownership, 'path'>>,
): Promise<void> {
  const stats = await lstat(path).catch(ignoreMissing);
  // What a link leads to is the vendor's decision.
  if (!stats || stats.isSymbolicLink()) return;
  const current: Ownership = { path, uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
  const { uid, gid, mode } = { ...current, ...next(current) };
  if (uid === current.uid && gid === current.gid && mode === current.mode) return;
  record.add(current);
  await chown(path, uid, gid);
  await chmod(path, mode);
}

async function openRecord(paths: Paths): Promise<OwnershipRecord> {
  const known = await readRecord(paths);
  const added: Ownership[] = [];
  return {
    add(ownership) {
      if (!known.some(({ path }) => path === ownership.path)) added.push(ownership);
    },
    async save() {
      if (added.length === 0) return;
      await writeFileAtomic(recordOf(paths), `${JSON.stringify([...known, ...added], null, 1)}\n`, {
        mode: 0o600,
      });
    },
  };
}

async function readRecord(paths: Paths): Promise<readonly Ownership[]> {
  const text = await readTextFile(recordOf(paths));
  return text === undefined ? [] : (JSON.parse(text) as readonly Ownership[]);
}

function recordOf({ state }: Paths): string {
  return join(state, 'ownership.json');
}

async function createMissing(file: string): Promise<void> {
  const handle = await open(file, 'ax', 0o644).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await handle?.close();
}

/** The daemon may not write in `etc`; whoever reads `health.json` there finds what it wrote. */
async function linkHealth({ health, volatileHealth }: Paths): Promise<void> {
  if ((await lstat(health).catch(ignoreMissing))?.isSymbolicLink() === true) return;
  const staged = stagedName(health);
  await symlink(volatileHealth, staged);
  await rename(staged, health);
}
