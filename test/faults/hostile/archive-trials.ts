import assert from 'node:assert/strict';
import { createCipheriv, createSign, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../../../src/core/errors.js';
import { ArchiveError } from '../../../src/package/archive-error.js';
import { deriveKey } from '../../../src/package/cipher.js';
import { extractContents, listContents } from '../../../src/package/contents.js';
import { generateUpdateKeys } from '../../../src/package/keys.js';
import { PackageError } from '../../../src/package/package-error.js';
import { readPassphrase } from '../../../src/package/passphrase.js';
import { extractArchive } from '../../../src/package/restore-archive.js';
import { unsealPackage } from '../../../src/package/unseal.js';
import { tarOf } from '../../package/fixtures.js';

/** Whether an archive was taken, or refused in the product's own words. */
export type Verdict = 'taken' | 'refused';

/** Gives archives to what an appliance reads them with; each in a directory of its own, beside which nothing may appear. */
export interface ArchiveTrials {
  /** An update package, as uploaded. */
  package(bytes: Buffer): Promise<Verdict>;
  /** The contents of a package, as signed by the vendor: a gzipped tar. */
  contents(bytes: Buffer): Promise<Verdict>;
  /** An archive to restore. */
  restore(bytes: Buffer): Promise<Verdict>;
  /** Makes a package of the bytes of its two members, as the vendor does. */
  seal(outer: Buffer): Promise<Buffer>;
  sign(contents: Buffer): Promise<Buffer>;
  /** Of contents: the outer tar, to be sealed. */
  envelope(contents: Buffer): Promise<Buffer>;
  remove(): Promise<void>;
}

const LIMITS = { entryLimit: 10_000, totalLimitBytes: 64 * 1024 * 1024 };
/** What restored links may lead into. */
const TARGET = '/data';

export async function createArchiveTrials(): Promise<ArchiveTrials> {
  const home = await mkdtemp(join(tmpdir(), 'admind-hostile-'));
  const keys = await generateUpdateKeys(await mkdtemp(join(home, 'keys-')));
  const privateKey = await readFile(keys.privateKey, 'utf8');
  const passphrase = await readPassphrase(keys.key);
  const sign = (contents: Buffer) =>
    Promise.resolve(createSign('RSA-SHA256').update(contents).sign(privateKey));

  const attempt = async (bytes: Buffer, read: (input: string, target: string) => Promise<void>) => {
    const work = await mkdtemp(join(home, 'work-'));
    const [input, target] = [join(work, 'input'), join(work, 'deep', 'target')];
    try {
      await writeFile(input, bytes);
      await mkdir(target, { recursive: true });
      const verdict = await verdictOf(read(input, target));
      requireContained(target);
      assert.deepEqual(readdirSync(dirname(target)), ['target'], 'something was written beside the target');
      return verdict;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  };

  return {
    sign,
    package: (bytes) =>
      attempt(bytes, async (packageFile, target) => {
        const stagingFile = join(dirname(packageFile), 'staging');
        await unsealPackage({
          packageFile,
          keyFile: keys.key,
          publicKeyFile: keys.publicKey,
          stagingFile,
          acceptLegacy: true,
        });
        await listContents(stagingFile, LIMITS);
        await extractContents(stagingFile, target);
      }),
    contents: (bytes) =>
      attempt(bytes, async (innerFile, target) => {
        await listContents(innerFile, LIMITS);
        await extractContents(innerFile, target);
      }),
    restore: (bytes) =>
      attempt(bytes, async (archive, target) => {
        const { signal } = new AbortController();
        const attributesList = join(dirname(archive), 'attributes');
        await extractArchive({
          ...LIMITS,
          archive,
          directory: target,
          attributesList,
          target: TARGET,
          reservedName: '.admind-restore',
          signal,
        });
      }),
    async seal(outer) {
      const salt = randomBytes(8);
      const { key, iv } = await deriveKey('pbkdf2-sha256', passphrase, salt);
      const cipher = createCipheriv('aes-256-cbc', key, iv);
      return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(outer), cipher.final()]);
    },
    envelope: async (contents) =>
      tarOf(
        { path: 'software_package.tar.gz', body: contents },
        { path: 'software_package.tar.gz.sign', body: await sign(contents) },
      ),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/** @throws where the refusal is none of the product's own, or is not one line that can be shown */
async function verdictOf(reading: Promise<void>): Promise<Verdict> {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason ?? new Error('it rejected with nothing'),
  );
  if (error === undefined) return 'taken';
  if (!(error instanceof PackageError) && !(error instanceof ArchiveError)) {
    throw new Error(`an error that is not the product's own: ${messageOf(error)}`, { cause: error });
  }
  assert.match(error.message, /^[ -~]{1,2000}$/, 'a refusal is not one line that can be shown');
  return 'refused';
}

/** @throws where there is something in the tree that an archive may not make, or a link that leads out of it */
function requireContained(tree: string): void {
  const walk = (directory: string) => {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const stats = lstatSync(path);
      if (stats.isDirectory()) walk(path);
      else if (stats.isSymbolicLink()) requireInside(tree, path);
      else assert(stats.isFile(), `${path} is neither file, directory nor link`);
      assert((stats.mode & 0o4000) === 0, `${path} has the set-user-id bit`);
    }
  };
  walk(tree);
}

function requireInside(tree: string, link: string): void {
  const to = readlinkSync(link);
  const place = to.startsWith('/')
    ? resolve(to).replace(/^\/data(?=\/|$)/, tree)
    : resolve(dirname(link), to);
  assert(`${place}/`.startsWith(`${tree}/`), `${link} leads out, to ${to}`);
}
