import {
  currentNetworkMode,
  networkFiles,
  networkMode,
  readNetworkSettings,
} from '../appliance/network-settings.js';
import { createSettingsJob } from './settings-job.js';

/** Writes the network and app settings, then runs the appliance's `network.sh`. Used by: POST /api/v1/admin/settings. */
export const settingsJob = createSettingsJob({
  name: 'settings',
  title: 'Settings',
  input: ({ settingsInput }) => settingsInput,
  status: ({ settingsStatus }) => settingsStatus,
  log: ({ settingsLog }) => settingsLog,
  script: 'apply-network.sh',
  applianceScript: 'network.sh',
  async prepare(input, paths) {
    const settings = await readNetworkSettings(input);
    return { files: networkFiles(settings, paths), args: [networkMode(settings)] };
  },
  async currentArguments(paths) {
    const mode = await currentNetworkMode(paths);
    return mode === undefined ? undefined : [mode];
  },
});
