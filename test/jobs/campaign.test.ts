import { join } from 'node:path';
import type { TestAppliance } from '../support/appliance.js';
import { CAMPAIGN_ROUNDS, runCampaign, type Campaign } from '../support/campaign.js';
import { writeScript } from '../support/script-file.js';
import { makePackage } from '../support/update-package.js';

const installScript = ({ paths }: TestAppliance, name: string, lines = 'sleep 0.1') =>
  writeScript(join(paths.bin, name), lines);
const enable = ({ paths, write }: TestAppliance, name: string, ...parameters: string[]) =>
  write(paths.endpointConfiguration, JSON.stringify({ endpoints: [name], parameters }));
/** The one number that all of the texts hold. */
const theOne = (...texts: string[]) => {
  const numbers = new Set(texts.map((text) => Number(/round-?(\d+)/.exec(text)?.[1])));
  if (numbers.size !== 1) throw new Error(`a torn state: ${texts.join(' | ')}`);
  return [...numbers][0] ?? NaN;
};
const readAll = (appliance: TestAppliance, files: readonly string[]) =>
  Promise.all(files.map((file) => appliance.read(file).catch(() => 'round0')));
const settingsFile = (document: unknown) => Buffer.from(JSON.stringify(document));

const campaigns: readonly Campaign[] = [
  {
    job: 'update',
    isUndone: false,
    prepare: ({ paths, write }) => write(paths.version, 'round0\n'),
    start: async (daemon, round, appliance) =>
      daemon.call('post', '/update').attach(
        'update',
        await makePackage(appliance, {
          'version.txt': `round${round}\n`,
          'update.sh':
            'cp version.txt "$JIDO_ADMIN_PATH/etc/new"; mv "$JIDO_ADMIN_PATH/etc/new" "$JIDO_ADMIN_PATH/etc/version.txt"\n',
        }),
      ),
    state: async (appliance) => theOne(await appliance.read(appliance.paths.version)),
  },
  {
    job: 'settings',
    async prepare(appliance) {
      await enable(appliance, 'settings');
      await installScript(appliance, 'network.sh');
    },
    start: (daemon, round) =>
      daemon.call('post', '/settings').attach(
        'settings',
        settingsFile({
          network: { interface: 'eth0', hostname: `round-${round}` },
          app: { name: `round-${round}` },
        }),
        's',
      ),
    state: async (appliance) => {
      const { appJson, networkJson, networkConf } = appliance.paths;
      return theOne(...(await readAll(appliance, [appJson, networkJson, networkConf])));
    },
  },
  {
    job: 'storage',
    async prepare(appliance) {
      await enable(appliance, 'storage');
      await installScript(appliance, 'storage.sh');
    },
    start: (daemon, round) =>
      daemon
        .call('post', '/storage')
        .attach('settings', settingsFile({ storage: { type: 'aoe', device: `round-${round}` } }), 's'),
    state: async (appliance) => {
      const { storageJson, storageConf } = appliance.paths;
      return theOne(...(await readAll(appliance, [storageJson, storageConf])));
    },
  },
  {
    job: 'license',
    async prepare(appliance) {
      await enable(appliance, 'license', 'license');
      await installScript(appliance, 'license.sh', 'sleep 0.05; exec cat "$JIDO_ADMIN_PATH/etc/license.asc"');
    },
    start: (daemon, round) =>
      daemon.call('post', '/license').attach('license', Buffer.from(`{"name":"round-${round}"}`), 'l'),
    state: async (appliance) => theOne(...(await readAll(appliance, [appliance.paths.license]))),
  },
];

test.each(campaigns.map((campaign) => [campaign.job, campaign] as const))(
  `%s, killed ${CAMPAIGN_ROUNDS} times: the old state or the new one, and the status says which`,
  (_job, campaign) => runCampaign(campaign),
  60_000 + CAMPAIGN_ROUNDS * 15_000,
);
