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
  readonly locks: string;
  readonly data: string;
  readonly apiToken: string;
  readonly apiTokenSetup: string;
  readonly version: string;
  readonly changelog: string;
  readonly build: string;
  readonly health: string;
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
  readonly endpointConfiguration: string;
  readonly settings: string;
  readonly tlsPrivateKey: string;
  readonly tlsCertificate: string;
  /** Private key, certificate and chain in one file: what the listener serves. */
  readonly tlsBundle: string;
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
    // Not below tmp, which update scripts empty.
    locks: at('lib/locks'),
    data: join(base, 'data'),
    apiToken: at('etc/api.token'),
    apiTokenSetup: at('etc/api.token.setup'),
    version: at('etc/version.txt'),
    changelog: at('etc/changelog.txt'),
    build: local('build.json'),
    health: at('etc/health.json'),
    updatesKey: at('etc/updates.key'),
    updatesPublicKey: at('etc/updates.pub'),
    auditLog: at('log/jidoteki-audit.log'),
    tokenLog: at('log/update_token.log'),
    updateLog: at('log/update.log'),
    updateStatusJson: at('etc/status_update.json'),
    updateStatusText: at('etc/status_update.txt'),
    updateErrorMessage: at('etc/status_error_message.txt'),
    updateErrorCode: at('etc/status_error_code.txt'),
    updatePackage: at('home/sftp/uploads/software_package-zzz.enc'),
    updateDirectory: at('tmp/update'),
    updateStaging: at('tmp/update.staging'),
    endpointConfiguration: local('jidoteki-admin-api.json'),
    settings: local('admind.json'),
    tlsPrivateKey: local('pki/tls/private/enterprise.key'),
    tlsCertificate: local('pki/tls/certs/enterprise.crt'),
    tlsBundle: local('pki/tls/enterprise.pem'),
  };
}

/** The directories that an appliance's admin directory must hold before the daemon can work. */
export function requiredDirectories(paths: Paths): readonly string[] {
  return [paths.bin, paths.etc, paths.lib, paths.log, paths.tmp, paths.uploads, paths.locks];
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
