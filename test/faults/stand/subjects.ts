import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import { readJobStatus } from '../../../src/records/job-status.js';
import type { CommandRecord } from '../../../src/package/bundle-manifest.js';
import { MANIFEST_NAME } from '../../../src/package/bundle-members.js';
import { openBundle } from '../../../src/package/open-bundle.js';
import { createSelfSignedCertificate, type KeyPair } from '../../../src/system/certificate.js';
import type { TestAppliance } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';
import { servedFingerprint } from '../../support/served-certificate.js';
import { writeScript } from '../../support/script-file.js';
import { makePackage } from '../../support/update-package.js';
import { fillDirectory, readDirectory, readTexts, roundOf, textOf, workDirectory } from './content.js';
import { TYPE } from '../oracle/truth.js';
import type { Subject } from './subject.js';

/** What a stand's scripts have followed: a copy of the settings that the machine was told to apply last. */
const followed = (conf: string) => `work/followed-${conf}`;
const followScript = (conf: string) =>
  `set -e\nmkdir -p "$ADMIND_ROOT/work"\nsleep 0.1\ncp "$ADMIND_ROOT/usr/local/etc/${conf}" "$ADMIND_ROOT/${followed(conf)}.new"
mv "$ADMIND_ROOT/${followed(conf)}.new" "$ADMIND_ROOT/${followed(conf)}"`;

/** What the machine follows must be what its settings say, unless it was never told. */
function requireFollowed({ root }: TestAppliance, conf: string, round: number): void {
  const file = join(root, followed(conf));
  if (!existsSync(file)) return;
  const told = roundOf([readFileSync(file, 'utf8')]);
  if (told !== round)
    throw new Error(`the settings are of round ${round}, the machine follows those of ${told}`);
}

async function workFile(appliance: TestAppliance, name: string, content: string): Promise<string> {
  const file = join(await workDirectory(appliance), name);
  await writeFile(file, content);
  return file;
}

const update = (): Subject => ({
  job: 'update',
  isUndone: false,
  request: { method: 'post', path: '/update' },
  prepare: ({ paths, write }) => write(paths.version, `${textOf(0)}\n`),
  make: async (appliance, round) => ({
    files: {
      update: await makePackage(appliance, {
        'version.txt': `${textOf(round)}\n`,
        'update.sh':
          'set -e; sleep 0.1; cp version.txt "$JIDO_ADMIN_PATH/etc/.version"; sync; mv "$JIDO_ADMIN_PATH/etc/.version" "$JIDO_ADMIN_PATH/etc/version.txt"\n',
      }),
    },
  }),
  state: async (appliance) => roundOf([await appliance.read(appliance.paths.version)]),
});

const settings = (): Subject => ({
  job: 'settings',
  isUndone: true,
  request: { method: 'post', path: '/settings' },
  prepare: ({ paths }) => writeScript(join(paths.bin, 'network.sh'), followScript('network.conf')),
  async make(appliance, round) {
    const document = {
      network: { interface: 'eth0', hostname: textOf(round) },
      app: { name: textOf(round) },
    };
    return { files: { settings: await workFile(appliance, 'settings.json', JSON.stringify(document)) } };
  },
  async state(appliance) {
    const { appJson, networkJson, networkConf } = appliance.paths;
    const round = roundOf(await readTexts(appliance, [appJson, networkJson, networkConf]));
    requireFollowed(appliance, 'network.conf', round);
    return round;
  },
});

const storage = (): Subject => ({
  job: 'storage',
  isUndone: true,
  request: { method: 'post', path: '/storage' },
  prepare: ({ paths }) => writeScript(join(paths.bin, 'storage.sh'), followScript('storage.conf')),
  async make(appliance, round) {
    const password = `storage-password-${round}`;
    const document = {
      storage: { type: 'iscsi', target: textOf(round), ip: '192.0.2.1', username: 'user', password },
    };
    return {
      files: { settings: await workFile(appliance, 'storage.json', JSON.stringify(document)) },
      secrets: { 'the storage password': password },
    };
  },
  async state(appliance) {
    const { storageJson, storageConf } = appliance.paths;
    const round = roundOf(await readTexts(appliance, [storageJson, storageConf]));
    requireFollowed(appliance, 'storage.conf', round);
    return round;
  },
});

const license = (): Subject => ({
  job: 'license',
  isUndone: true,
  request: { method: 'post', path: '/license' },
  prepare: ({ paths }) =>
    writeScript(
      join(paths.bin, 'license.sh'),
      'sleep 0.05\nprintf \'{"name":"%s"}\' "$(head -n 1 "$JIDO_ADMIN_PATH/etc/license.asc")"',
    ),
  async make(appliance, round) {
    const secret = `license-key-of-${round}`;
    return {
      files: { license: await workFile(appliance, 'license.asc', `${textOf(round)}\n${secret}\n`) },
      secrets: { 'the licence': secret },
    };
  },
  state: async (appliance) => roundOf(await readTexts(appliance, [appliance.paths.license])),
});

function certs(): Subject {
  const pairs: (KeyPair | undefined)[] = [];
  return {
    job: 'certs',
    isUndone: true,
    request: { method: 'post', path: '/certs' },
    async prepare({ paths, write }) {
      const { key, certificate } = (pairs[0] = await createSelfSignedCertificate());
      await write(paths.tlsPrivateKey, key);
      await write(paths.tlsCertificate, certificate);
      await write(paths.tlsBundle, key + certificate);
    },
    async make(appliance, round) {
      const { key, certificate } = (pairs[round] = await createSelfSignedCertificate());
      return {
        files: {
          public: await workFile(appliance, 'public.pem', certificate),
          private: await workFile(appliance, 'private.pem', key),
        },
        secrets: { 'the private key': key.split('\n')[5] ?? '' },
      };
    },
    async state(appliance) {
      const { tlsPrivateKey, tlsCertificate, tlsBundle } = appliance.paths;
      const [key = '', certificate = '', bundle = ''] = await readTexts(appliance, [
        tlsPrivateKey,
        tlsCertificate,
        tlsBundle,
      ]);
      const round = pairs.findIndex((pair) => pair?.key === key && pair.certificate === certificate);
      if (round < 0) throw new Error('a torn state: key and certificate are of different rounds');
      if (bundle !== key + certificate) throw new Error('a torn state: the bundle is of another round');
      return round;
    },
    async requireServed(port, round) {
      const { fingerprint256 } = new X509Certificate(pairs[round]?.certificate ?? '');
      await poll(
        `the certificate of round ${round} is served`,
        async () => (await servedFingerprint(port)) === fingerprint256,
      );
    },
  };
}

const backup = (): Subject => ({
  job: 'backup',
  isUndone: true,
  request: { method: 'post', path: '/backup', fields: { action: 'START' } },
  async prepare(appliance) {
    await appliance.write(appliance.paths.backupList, 'app\n');
    await fillDirectory(appliance, join(appliance.paths.data, 'app'), 0);
  },
  async make(appliance, round) {
    await fillDirectory(appliance, join(appliance.paths.data, 'app'), round);
    return {};
  },
  async state({ paths, root }) {
    if (!existsSync(paths.backupArchive)) return 0;
    const { fields } = await readJobStatus(jobs.backup.status(paths));
    const sha256 = createHash('sha256').update(readFileSync(paths.backupArchive)).digest('hex');
    if (fields.status === 'success' && fields.sha256 !== sha256)
      throw new Error(`the archive has the hash ${sha256}, the status tells ${String(fields.sha256)}`);
    return withDirectory(root, (directory) => {
      execFileSync('tar', ['-xf', paths.backupArchive, '-C', directory], { stdio: 'pipe' });
      return roundOf(readDirectory(directory));
    });
  },
});

const restore = (): Subject => ({
  job: 'restore',
  isUndone: true,
  request: { method: 'post', path: '/backup/restore' },
  prepare: (appliance) => fillDirectory(appliance, join(appliance.paths.data, 'app'), 0),
  async make(appliance, round) {
    const work = await workDirectory(appliance);
    await fillDirectory(appliance, join(work, 'archive/app'), round);
    const archive = join(work, 'archive.tar');
    execFileSync('tar', ['-cf', archive, '-C', join(work, 'archive'), 'app']);
    return { files: { archive } };
  },
  state: ({ paths }) => Promise.resolve(roundOf(readDirectory(join(paths.data, 'app')))),
});

function logs(): Subject {
  let made = 0;
  return {
    job: 'logs',
    isUndone: true,
    request: { method: 'get', path: '/logs' },
    prepare: ({ paths, write }) => write(paths.logsList, ''),
    async make({ paths, write }, round) {
      await write(join(paths.log, 'round.log'), `${textOf(round)}\n`.repeat(10_000));
      made = round;
      return {};
    },
    async state({ paths, read }) {
      if (!existsSync(paths.logsArchive)) return 0;
      const args = ['-xzOf', paths.logsArchive, '--wildcards', '*/round.log'];
      try {
        const lines = execFileSync('tar', args, { encoding: 'utf8', stdio: 'pipe' }).trim().split('\n');
        if (lines.length !== 10_000) throw new Error(`a torn state: ${lines.length} lines`);
        return roundOf(lines);
      } catch (error) {
        if (!(await isTold('logs', { paths, read }))) throw error;
        return made;
      }
    },
  };
}

/** What cannot be read is left out of what is collected, and the job's log tells of it. */
async function isTold(
  job: 'logs' | 'debug',
  { paths, read }: Pick<TestAppliance, 'paths' | 'read'>,
): Promise<boolean> {
  const { texts, log } = jobs[job];
  const last = (await read(log(paths).file)).split(texts.started(TYPE, paths)).at(-1) ?? '';
  return last.includes('Not collected completely: ');
}

const debugCommand = (round: number) => `cat "$JIDO_ADMIN_PATH/log/round.log" # ${textOf(round)}\n`;

const debug = (): Subject => ({
  job: 'debug',
  isUndone: true,
  request: { method: 'get', path: '/debug' },
  prepare: ({ paths, write }) => write(paths.debugList, debugCommand(0)),
  async make({ paths, write }, round) {
    await write(join(paths.log, 'round.log'), `${textOf(round)}\n`);
    await write(paths.debugList, debugCommand(round));
    return {};
  },
  async state({ paths, read, root, privateKey }) {
    if (!existsSync(paths.debugBundle)) return 0;
    return withDirectory(root, async (work) => {
      const directory = join(work, 'bundle');
      await openBundle({ bundleFile: paths.debugBundle, privateKeyFile: privateKey, directory });
      const [{ command, exitStatus, file }] = await readCommands(directory);
      const output = join(directory, 'debug', file);
      const isLeftOut = !existsSync(output) && (await isTold('debug', { paths, read }));
      // A command that cannot be run is the vendor's; the bundle says so.
      const printed = exitStatus === 0 && !isLeftOut ? [await readFile(output, 'utf8')] : [];
      return roundOf([command, ...printed]);
    });
  },
});

async function readCommands(bundle: string): Promise<[CommandRecord]> {
  const manifest = await readFile(join(bundle, 'debug', MANIFEST_NAME), 'utf8');
  return (JSON.parse(manifest) as { commands: [CommandRecord] }).commands;
}

/** Its state is how often the machine was told to reboot, which a round must not do twice. */
function reboot(): Subject {
  const counts = [0];
  const count = async ({ root, read }: TestAppliance) => {
    const told = await read(join(root, 'data/reboot.state')).catch(() => '');
    return told.split('\n').length - 1;
  };
  return {
    job: 'reboot',
    isUndone: false,
    isToldBefore: true,
    request: { method: 'get', path: '/reboot' },
    prepare: () => Promise.resolve(),
    async make(appliance, round) {
      counts[round] = (await count(appliance)) + 1;
      return {};
    },
    async state(appliance) {
      const told = await count(appliance);
      const round = counts.lastIndexOf(told);
      if (round < 0) throw new Error(`the machine was told to reboot ${told} times`);
      return round;
    },
  };
}

/** One for every job; each appliance needs a subject of its own. */
export const subjects: Readonly<Record<JobName, () => Subject>> = {
  update,
  settings,
  storage,
  license,
  certs,
  backup,
  restore,
  logs,
  debug,
  reboot,
};

async function withDirectory<T>(root: string, act: (directory: string) => T | Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(root, 'work-'));
  try {
    return await act(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
