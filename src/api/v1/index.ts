import type { Endpoint } from '../../http/endpoint.js';
import { backupDownload, backupLog, backupStatus, changeBackup, restoreBackup } from './backup.js';
import { build } from './build.js';
import { certs, changeCerts } from './certs.js';
import { changelog } from './changelog.js';
import { debug } from './debug.js';
import { docsEndpoint } from './docs.js';
import { endpointsEndpoint } from './endpoints.js';
import { healthz } from './healthz.js';
import { health } from './health.js';
import { changeLicense, license } from './license.js';
import { logs } from './logs.js';
import { reboot } from './reboot.js';
import { root } from './root.js';
import { services } from './services.js';
import { changeSettings, settings } from './settings.js';
import { setup } from './setup.js';
import { changeStorage, storage } from './storage.js';
import { startUpdate, updateLog, updateStatus } from './update.js';
import { version } from './version.js';

/** Every endpoint of version 1, in the order of the reference. */
export const endpoints: readonly Endpoint[] = [
  setup,
  startUpdate,
  updateStatus,
  updateLog,
  changeSettings,
  settings,
  changeCerts,
  certs,
  changeLicense,
  license,
  changeStorage,
  storage,
  changeBackup,
  backupStatus,
  backupDownload,
  backupLog,
  restoreBackup,
  services,
  reboot,
  version,
  changelog,
  build,
  health,
  logs,
  debug,
  endpointsEndpoint(() => endpoints),
  docsEndpoint(() => endpoints),
  healthz,
  root,
];
