import assert from 'node:assert/strict';
import { networkFiles, readNetworkSettings } from '../../../../src/appliance/network-settings.js';
import { readStorageSettings, storageFiles } from '../../../../src/appliance/storage-settings.js';
import { appliancePaths } from '../../../../src/config/paths.js';
import { AdminError } from '../../../../src/core/errors.js';
import type { FileReplacement } from '../../../../src/system/file-change.js';
import { inputFile } from '../input-file.js';
import { only } from '../only.js';

const paths = appliancePaths(process.cwd());
/** What a shell that sources it takes for assignments and nothing else. */
const CONF = /^(?:[a-z0-9_]+=(?:[A-Za-z0-9.:/_-]*|"(?:[^"\\$`\n]|\\["\\$`])*")\n)*$/;

/** Settings and storage files, and what root's scripts will source of them. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const file = inputFile(bytes);
  await only([AdminError], async () => {
    requireConf(networkFiles(await readNetworkSettings(file), paths));
  });
  await only([AdminError], async () => {
    requireConf(storageFiles(await readStorageSettings(file, paths), paths));
  });
};

function requireConf(files: readonly FileReplacement[]): void {
  for (const one of files) {
    if (one.file.endsWith('.conf') && 'content' in one) assert.match(String(one.content), CONF);
  }
}
