import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBundle } from '../../src/package/open-bundle.js';
import { createSelfSignedCertificate, type KeyPair } from '../../src/system/certificate.js';
import type { TestAppliance } from '../support/appliance.js';
import { CAMPAIGN_ROUNDS, runCampaign, type Campaign } from '../support/campaign.js';
import { attachCerts } from '../support/certificates.js';
import { writeScript } from '../support/script-file.js';
import { makePackage } from '../support/update-package.js';

const installScript = ({ paths }: TestAppliance, name: string, lines = 'sleep 0.1') =>
  writeScript(join(paths.bin, name), lines);
/** Content that tells its round, in many files, so that a part of them could be of another one. */
const fillDirectory = async ({ paths, write }: TestAppliance, directory: string, round: number) => {
  for (let file = 0; file < 60; file += 1) {
    await write(join(paths.data, directory, String(file % 5), String(file)), `round-${round}\n`.repeat(500));
  }
};
const allFiles = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
/** The one number that all of the texts hold. */
const theOne = (...texts: string[]) => {
  const numbers = new Set(texts.map((text) => Number(/round-?(\d+)/.exec(text)?.[1])));
  if (numbers.size !== 1) throw new Error(`a torn state: ${texts.join(' | ')}`);
  return [...numbers][0] ?? NaN;
};
const readAll = (appliance: TestAppliance, files: readonly string[]) =>
  Promise.all(files.map((file) => appliance.read(file).catch(() => 'round0')));
const settingsFile = (document: unknown) => Buffer.from(JSON.stringify(document));

const pairs: KeyPair[] = [];

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
      await installScript(appliance, 'license.sh', 'sleep 0.05; exec cat "$JIDO_ADMIN_PATH/etc/license.asc"');
    },
    start: (daemon, round) =>
      daemon.call('post', '/license').attach('license', Buffer.from(`{"name":"round-${round}"}`), 'l'),
    state: async (appliance) => theOne(...(await readAll(appliance, [appliance.paths.license]))),
  },
  {
    job: 'certs',
    async prepare({ paths, write }) {
      const { key, certificate } = (pairs[0] = await createSelfSignedCertificate());
      await write(paths.tlsPrivateKey, key);
      await write(paths.tlsCertificate, certificate);
      await write(paths.tlsBundle, key + certificate);
    },
    async start(daemon, round) {
      const { key, certificate } = (pairs[round] = await createSelfSignedCertificate());
      return attachCerts(daemon.call('post', '/certs'), { public: certificate, private: key });
    },
    async state(appliance) {
      const { tlsPrivateKey, tlsCertificate, tlsBundle } = appliance.paths;
      const [key = '', certificate = '', bundle] = await readAll(appliance, [
        tlsPrivateKey,
        tlsCertificate,
        tlsBundle,
      ]);
      expect(bundle).toBe(key + certificate);
      return pairs.findIndex((pair) => pair.key === key && pair.certificate === certificate);
    },
  },
  {
    job: 'backup',
    async prepare(appliance) {
      await appliance.write(appliance.paths.backupList, 'app\n');
      await fillDirectory(appliance, 'app', 0);
    },
    async start(daemon, round, appliance) {
      await fillDirectory(appliance, 'app', round);
      return daemon.call('post', '/backup').field('action', 'START');
    },
    state: ({ paths }) => {
      if (!existsSync(paths.backupArchive)) return Promise.resolve(0);
      const text = execFileSync('tar', ['-xOf', paths.backupArchive], { encoding: 'utf8' });
      return Promise.resolve(theOne(...text.trim().split('\n')));
    },
  },
  {
    job: 'restore',
    prepare: (appliance) => fillDirectory(appliance, 'app', 0),
    async start(daemon, round, appliance) {
      await fillDirectory(appliance, `../archive-${round}/app`, round);
      const archive = join(appliance.root, `${round}.tar`);
      execFileSync('tar', ['-cf', archive, '-C', join(appliance.root, `archive-${round}`), 'app']);
      return daemon.call('post', '/backup/restore').attach('archive', archive);
    },
    state: ({ paths }) => Promise.resolve(theOne(...allFiles(paths.data))),
  },
  {
    job: 'logs',
    prepare: ({ paths, write }) => write(paths.logsList, ''),
    async start(daemon, round, { paths, write }) {
      await write(join(paths.log, 'round.log'), `round-${round}\n`.repeat(10_000));
      return daemon.call('get', '/logs');
    },
    state: ({ paths }) => {
      if (!existsSync(paths.logsArchive)) return Promise.resolve(0);
      const args = ['-xzOf', paths.logsArchive, '--wildcards', '*/round.log'];
      return Promise.resolve(theOne(...execFileSync('tar', args, { encoding: 'utf8' }).trim().split('\n')));
    },
  },
  {
    job: 'debug',
    prepare: ({ paths, write }) => write(paths.debugList, 'cat "$JIDO_ADMIN_PATH/log/round.log"\n'),
    async start(daemon, round, { paths, write }) {
      await write(join(paths.log, 'round.log'), `round-${round}\n`);
      return daemon.call('get', '/debug');
    },
    async state({ paths, root, privateKey }) {
      if (!existsSync(paths.debugBundle)) return 0;
      const directory = join(await mkdtemp(join(root, 'opened-')), 'bundle');
      await openBundle({ bundleFile: paths.debugBundle, privateKeyFile: privateKey, directory });
      return theOne(await readFile(join(directory, 'debug/debug-1.log'), 'utf8'));
    },
  },
];

test.each(campaigns.map((campaign) => [campaign.job, campaign] as const))(
  `%s, killed ${CAMPAIGN_ROUNDS} times: the old state or the new one, and the status says which`,
  (_job, campaign) => runCampaign(campaign),
  60_000 + CAMPAIGN_ROUNDS * 15_000,
);
