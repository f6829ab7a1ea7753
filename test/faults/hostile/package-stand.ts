import assert from 'node:assert/strict';
import { createCipheriv, createSign, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { deriveKey } from '../../../src/package/cipher.js';
import { readPassphrase } from '../../../src/package/passphrase.js';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import { readJobStatus } from '../../../src/records/job-status.js';
import { tarOf } from '../../package/fixtures.js';
import { requireKnownAnswer } from './answer-rules.js';
import { filePart, postParts } from './corpus/request.js';
import { exchangeRaw, parseAnswers } from './raw-http.js';
import { createStand, type Stand } from './stand.js';

/** An appliance to which hostile packages and archives are uploaded, as signed by its vendor. */
export interface PackageStand {
  /** Contents that are signed and sealed. @returns how the job ended, as each of these */
  update(contents: Buffer): Promise<unknown>;
  updateAsItIs(bytes: Buffer): Promise<unknown>;
  restore(archive: Buffer): Promise<unknown>;
  /** @returns how a good package ended */
  updateWell(): Promise<unknown>;
  remove(): Promise<void>;
}

export async function createPackageStand(): Promise<PackageStand> {
  const stand = await createStand({ uploadLimitBytes: 64 * 1024 * 1024 });
  const passphrase = await readPassphrase(stand.paths.updatesKey);
  const privateKey = await stand.read(stand.privateKey);
  const seal = async (contents: Buffer) => {
    const sign = createSign('RSA-SHA256').update(contents).sign(privateKey);
    const outer = tarOf(
      { path: 'software_package.tar.gz', body: contents },
      { path: 'software_package.tar.gz.sign', body: sign },
    );
    const salt = randomBytes(8);
    const { key, iv } = await deriveKey('pbkdf2-sha256', passphrase, salt);
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(outer), cipher.final()]);
  };
  const update = (bytes: Buffer) => send(stand, 'update', '/update', filePart('update', bytes));
  return {
    updateAsItIs: update,
    update: async (contents) => update(await seal(contents)),
    restore: (archive) => send(stand, 'restore', '/backup/restore', filePart('archive', archive)),
    updateWell: async () => update(await seal(gzipSync(tarOf({ path: 'update.sh', body: 'exit 0\n' })))),
    remove: () => stand.remove(),
  };
}

/** @returns the status of the job when it has ended and nothing of it is left */
async function send(stand: Stand, name: JobName, path: string, part: Buffer): Promise<unknown> {
  const { daemon, paths } = stand;
  const known = daemon.faults().length;
  const before = stand.state();
  const [received] = await Promise.all([
    exchangeRaw(daemon.port, { chunks: [postParts(path, part)] }),
    stand.probe(),
  ]);
  parseAnswers(received).forEach(requireKnownAnswer);
  await stand.settle();
  const { fields, errorMessage } = await readJobStatus(jobs[name].status(paths));
  const { status } = fields;
  assert(status === 'success' || status === 'failed', `the job is ${String(status)}`);
  if (status === 'failed' && name === 'update')
    assert(errorMessage !== undefined, 'nothing says why it failed');
  assert.deepEqual(daemon.faults().slice(known), [], 'the daemon tells of a fault of its own');
  for (const directory of [paths.tmp, paths.taken, paths.incoming]) {
    assert.deepEqual(readdirSync(directory), [], `something is left in ${directory}`);
  }
  if (status === 'failed') assert.deepEqual(stand.state(), before, 'a failed job has changed the appliance');
  return status;
}
