import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const DEFAULT_ADMIN_PATH = '/opt/jidoteki/tinyadmin';

/** Every path of an appliance that the product reads or writes, absolute, below `root` when there is one. */
export interface Paths {
  /** The sandbox's root directory; undefined on the machine itself. */
  readonly root: string | undefined;
  readonly admin: string;
  readonly bin: string;
  readonly etc: string;
  readonly lib: string;
  readonly log: string;
  readonly tmp: string;
  readonly uploads: string;
  /** Where the daemon receives uploads: the one directory of the appliance that its user may write to. */
  readonly incoming: string;
  /** Where a job keeps its inputs: nobody else may write there, as whoever uploads by SFTP may beside what they sent. */
  readonly taken: string;
  readonly locks: string;
  /** One file a job's log: where the last line of a runner ends. */
  readonly logEnds: string;
  /** One journal a job, while its change can still be undone. */
  readonly journals: string;
  readonly data: string;
  /** The product's own. */
  readonly state: string;
  readonly apiToken: string;
  readonly apiTokenSetup: string;
  readonly version: string;
  readonly changelog: string;
  readonly build: string;
  readonly health: string;
  /** What `health` is a link to where the daemon may not write there. */
  readonly volatileHealth: string;
  readonly updatesKey: string;
  readonly updatesPublicKey: string;
  readonly auditLog: string;
  readonly tokenLog: string;
  readonly updateLog: string;
  readonly updateStatusJson: string;
  readonly updateStatusText: string;
  readonly updateErrorMessage: string;
  readonly updateErrorCode: string;
  /** The uploaded package once the update job owns it. */
  readonly updatePackage: string;
  /** Where the verified package is extracted and `update.sh` runs. */
  readonly updateDirectory: string;
  /** The decrypted, not yet verified package. */
  readonly updateStaging: string;
  readonly networkJson: string;
  readonly appJson: string;
  /** What the appliance's `network.sh` sources. */
  readonly networkConf: string;
  readonly settingsInput: string;
  readonly settingsLog: string;
  readonly settingsStatus: string;
  readonly storageJson: string;
  /** What the appliance's `storage.sh` sources. */
  readonly storageConf: string;
  readonly storageOptions: string;
  readonly storageInput: string;
  readonly storageLog: string;
  readonly storageStatus: string;
  /** The uploaded certificate, key and authority once the certs job owns them. */
  readonly certsPublic: string;
  readonly certsPrivate: string;
  readonly certsCa: string;
  readonly certsLog: string;
  readonly certsStatus: string;
  readonly license: string;
  readonly licenseInput: string;
  readonly licenseLog: string;
  readonly licenseStatus: string;
  /** The paths to back up, relative to `data`, one a line. */
  readonly backupList: string;
  readonly backupArchive: string;
  /** The archive while it is being written. */
  readonly backupStaging: string;
  readonly backupStatus: string;
  readonly backupLog: string;
  /** The uploaded archive once the restore job owns it. */
  readonly restoreInput: string;
  readonly restoreStatus: string;
  /** On the file system of `data`: what a restore has extracted and what it replaces. */
  readonly restoreDirectory: string;
  /** The paths to collect beside `log`, separated by white space. */
  readonly logsList: string;
  readonly logsArchive: string;
  readonly logsStaging: string;
  readonly logsLog: string;
  readonly logsStatus: string;
  /** The vendor's commands, one a line. */
  readonly debugList: string;
  readonly debugBundle: string;
  readonly debugStaging: string;
  /** Where the parts of a debug bundle are collected. */
  readonly debugDirectory: string;
  readonly debugLog: string;
  readonly debugStatus: string;
  /** Names of services, separated by white space. */
  readonly serviceList: string;
  readonly rebootLog: string;
  readonly rebootStatus: string;
  /** What is to be applied at boot, once: see `provision/items.ts`. */
  readonly provisionDirectory: string;
  /** One file an item of it that has been applied. */
  readonly provisioned: string;
  readonly provisionLog: string;
  /** What the login prompt shows, and the console itself. */
  readonly issue: string;
  readonly console: string;
  /** Written by the daemon when the console shows something old. */
  readonly consoleTrigger: string;
  /** Saves the state of a live image, on appliances that have it. */
  readonly symlinktool: string;
  readonly endpointConfiguration: string;
  readonly settings: string;
  readonly tlsPrivateKey: string;
  readonly tlsCertificate: string;
  /** Private key, certificate and chain in one file: what the listener serves. */
  readonly tlsBundle: string;
  readonly tlsCa: string;
  /** Names the certificate that the daemon itself has made. */
  readonly selfSigned: string;
  /** The system's authorities and the appliance's own. */
  readonly caBundle: string;
  /** Where the system's authorities are read from: the first that exists. */
  readonly systemCaBundles: readonly string[];
}

/**
 * @param root directory that stands for `/`; undefined for the machine itself
 * @param adminPath the admin directory as the appliance sees it (`JIDO_ADMIN_PATH`), below `root` when there is one
 */
export function appliancePaths(root: string | undefined, adminPath: string = DEFAULT_ADMIN_PATH): Paths {
  const base = root === undefined ? '/' : resolve(root);
  const admin = join(base, resolve('/', adminPath));
  const at = (...parts: string[]) => join(admin, ...parts);
  const local = (...parts: string[]) => join(base, 'usr/local/etc', ...parts);
  return {
    root: root === undefined ? undefined : base,
    admin,
    bin: at('bin'),
    etc: at('etc'),
    lib: at('lib'),
    log: at('log'),
    tmp: at('tmp'),
    uploads: at('home/sftp/uploads'),
    incoming: at('home/incoming'),
    taken: at('home/taken'),
    // Not below tmp, which update scripts empty.
    locks: at('lib/locks'),
    logEnds: at('lib/locks/log-ends'),
    journals: at('lib/journals'),
    data: join(base, 'data'),
    state: join(base, 'var/lib/admind'),
    apiToken: at('etc/api.token'),
    apiTokenSetup: at('etc/api.token.setup'),
    version: at('etc/version.txt'),
    changelog: at('etc/changelog.txt'),
    build: local('build.json'),
    health: at('etc/health.json'),
    volatileHealth: join(base, 'run/admind/daemon/health.json'),
    updatesKey: at('etc/updates.key'),
    updatesPublicKey: at('etc/updates.pub'),
    auditLog: at('log/jidoteki-audit.log'),
    tokenLog: at('log/update_token.log'),
    updateLog: at('log/update.log'),
    updateStatusJson: at('etc/status_update.json'),
    updateStatusText: at('etc/status_update.txt'),
    updateErrorMessage: at('etc/status_error_message.txt'),
    updateErrorCode: at('etc/status_error_code.txt'),
    updatePackage: at('home/taken/software_package.enc'),
    updateDirectory: at('tmp/update'),
    updateStaging: at('tmp/update.staging'),
    networkJson: at('etc/network.json'),
    appJson: at('etc/app.json'),
    networkConf: local('network.conf'),
    settingsInput: at('home/taken/settings.json'),
    settingsLog: at('log/update_settings.log'),
    settingsStatus: at('etc/status_settings.txt'),
    storageJson: at('etc/storage.json'),
    storageConf: local('storage.conf'),
    storageOptions: local('storage-options.json'),
    storageInput: at('home/taken/storage.json'),
    storageLog: at('log/update_storage.log'),
    storageStatus: at('etc/status_storage.txt'),
    certsPublic: at('home/taken/appliance.pem'),
    certsPrivate: at('home/taken/appliance.key'),
    certsCa: at('home/taken/ca.pem'),
    certsLog: at('log/update_certs.log'),
    certsStatus: at('etc/status_certs.txt'),
    license: at('etc/license.asc'),
    licenseInput: at('home/taken/license.asc'),
    licenseLog: at('log/update_license.log'),
    licenseStatus: at('etc/status_license.txt'),
    backupList: at('etc/backup.txt'),
    backupArchive: at('home/sftp/uploads/backup.tar'),
    backupStaging: at('home/sftp/uploads/.backup.tar.staging'),
    backupStatus: at('home/sftp/uploads/backup.json'),
    backupLog: at('log/update_backup.log'),
    restoreInput: at('home/taken/backup-archive.tar'),
    restoreStatus: at('etc/status_restore.txt'),
    restoreDirectory: join(base, 'data/.admind-restore'),
    logsList: at('etc/logs.txt'),
    logsArchive: at('home/sftp/uploads/logs.tar.gz'),
    logsStaging: at('home/sftp/uploads/.logs.tar.gz.staging'),
    logsLog: at('log/update_logs.log'),
    logsStatus: at('etc/status_logs.txt'),
    debugList: at('etc/debug.txt'),
    debugBundle: at('home/sftp/uploads/debug-bundle.tar'),
    debugStaging: at('home/sftp/uploads/.debug-bundle.tar.staging'),
    debugDirectory: at('tmp/debug'),
    debugLog: at('log/update_debug.log'),
    debugStatus: at('etc/status_debug.txt'),
    serviceList: local('allservices.txt'),
    rebootLog: at('log/reboot.log'),
    rebootStatus: at('etc/status_reboot.txt'),
    provisionDirectory: local('admind/provision.d'),
    provisioned: join(base, 'var/lib/admind/provisioned'),
    provisionLog: at('log/provision.log'),
    issue: join(base, 'run/issue.d/admind.issue'),
    console: join(base, 'dev/console'),
    consoleTrigger: join(base, 'run/admind/daemon/console'),
    symlinktool: join(base, 'usr/bin/symlinktool.sh'),
    endpointConfiguration: local('jidoteki-admin-api.json'),
    settings: local('admind.json'),
    tlsPrivateKey: local('pki/tls/private/enterprise.key'),
    tlsCertificate: local('pki/tls/certs/enterprise.crt'),
    tlsBundle: local('pki/tls/enterprise.pem'),
    selfSigned: local('pki/tls/self-signed.sha256'),
    tlsCa: local('pki/tls/cacerts/enterprise-ca.crt'),
    caBundle: local('pki/tls/ca-bundle.crt'),
    systemCaBundles: [local('pki/certs/ca-bundle.crt.orig'), join(base, 'etc/ssl/certs/ca-certificates.crt')],
  };
}

/** The directories that lead from the admin directory to the uploads. */
export function sftpUploadsDirectories({ uploads }: Paths): readonly string[] {
  return [dirname(dirname(uploads)), dirname(uploads)];
}

/** What an administrator uploads by SFTP before the SSH command takes it. */
export function sftpUploads({ uploads }: Paths) {
  const at = (name: string) => join(uploads, name);
  return {
    apiToken: at('api.token'),
    networkJson: at('network.json'),
    networkConf: at('network.conf'),
    appJson: at('app.json'),
    storageJson: at('storage.json'),
    storageConf: at('storage.conf'),
    license: at('license.asc'),
    certsPublic: at('appliance.pem'),
    certsPrivate: at('appliance.key'),
    certsCa: at('ca.pem'),
    backupArchive: at('backup-archive.tar'),
  } as const;
}

export type SftpUploads = ReturnType<typeof sftpUploads>;

/** Where a job records the files that it replaces together, until they can stay. */
export function journalOf({ journals }: Paths, job: string): string {
  return join(journals, `${job}.json`);
}

/** The directories that an appliance's admin directory must hold before the daemon can work. */
export function requiredDirectories(paths: Paths): readonly string[] {
  const { bin, etc, lib } = paths;
  return [bin, etc, lib, ...workDirectories(paths)];
}

/** Those of them that hold what the product makes, and nothing of the vendor's. */
export function workDirectories(paths: Paths): readonly string[] {
  const { log, tmp, uploads, incoming, taken, locks, journals } = paths;
  return [log, tmp, uploads, incoming, taken, locks, journals];
}

/** A file of the installed product itself (`config/…`, `scripts/…`, `dist/…`). */
export function productPath(...parts: string[]): string {
  return join(productRoot, ...parts);
}

const productRoot = findProductRoot(dirname(fileURLToPath(import.meta.url)));

function findProductRoot(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('the product files are incomplete: package.json is missing');
  return findProductRoot(parent);
}
