import type { Endpoint } from '../../http/endpoint.js';
import { build } from './build.js';
import { changelog } from './changelog.js';
import { debug } from './debug.js';
import { docsEndpoint } from './docs.js';
import { endpointsEndpoint } from './endpoints.js';
import { health } from './health.js';
import { logs } from './logs.js';
import { root } from './root.js';
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
  changeStorage,
  storage,
  version,
  changelog,
  build,
  health,
  logs,
  debug,
  endpointsEndpoint(() => endpoints),
  docsEndpoint(() => endpoints),
  root,
];
