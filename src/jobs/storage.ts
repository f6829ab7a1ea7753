import { readStorageSettings, storageFiles } from '../appliance/storage-settings.js';
import { exists } from '../system/exists.js';
import { createSettingsJob } from './settings-job.js';

/** Writes the storage settings, then runs the appliance's `storage.sh`. Used by: POST /api/v1/admin/storage. */
export const storageJob = createSettingsJob({
  name: 'storage',
  title: 'Storage',
  input: ({ storageInput }) => storageInput,
  status: ({ storageStatus }) => storageStatus,
  log: ({ storageLog }) => storageLog,
  script: 'apply-storage.sh',
  applianceScript: 'storage.sh',
  async prepare(input, paths) {
    const settings = await readStorageSettings(input, paths);
    return { files: storageFiles(settings, paths), args: [] };
  },
  currentArguments: async ({ storageConf }) => ((await exists(storageConf)) ? [] : undefined),
});
