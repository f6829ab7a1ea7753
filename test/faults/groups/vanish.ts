import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { JobName } from '../../../src/jobs/index.js';
import { TOKEN } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';
import { ask, ended, openTls } from '../net/client.js';
import { footprintOf } from '../net/footprint.js';
import { headOf, makeForm, type FormBody } from '../net/form.js';
import { heldLocks, stagedFiles } from '../oracle/leftovers.js';
import { leakedSecrets } from '../oracle/secrets.js';
import { awaitSettled } from '../oracle/truth.js';
import type { Group, Row } from '../row.js';
import { openStand, type Stand } from '../stand/stand.js';
import type { Subject } from '../stand/subject.js';
import { subjects } from '../stand/subjects.js';

const PREFIX = '/api/v1/admin';
const IDLE_MS = 3_000;
const UPLOADS = ['update', 'settings', 'storage', 'license', 'certs', 'restore'] as const;
const DOWNLOADS = ['/backup/download', '/logs', '/debug', '/backup/log', '/docs'];

interface Connection {
  readonly socket: TLSSocket;
  readonly below: Socket;
}

/** How a client goes. */
const WAYS: Readonly<Record<string, (connection: Connection) => void>> = {
  'its connection reset': ({ below }) => void below.resetAndDestroy(),
  'its connection closed': ({ below }) => void below.end(),
  'its session closed': ({ socket }) => void socket.end(),
  'no word more': () => undefined,
};

export const vanish: Group = {
  name: 'vanish',
  about:
    'clients that vanish at each chunk of an upload or a download: nothing is left of it, no job began, the next upload works',
  async *rows({ isShort, random }): AsyncIterable<Row> {
    const chunks = isShort ? 3 : 12;
    const tried = UPLOADS.map((name) => subjects[name]());
    const stand = await openStand({
      settings: { logLevel: 'info', idleTimeoutMs: IDLE_MS, keepAliveTimeoutMs: IDLE_MS },
      async prepare(appliance) {
        for (const subject of [...tried, subjects.backup(), subjects.logs(), subjects.debug()]) {
          await subject.prepare(appliance);
        }
      },
    });
    let round = 0;
    try {
      for (const subject of isShort ? [tried[1]!] : tried) {
        for (const [way, go] of Object.entries(WAYS)) {
          yield {
            name: `${subject.job}: ${way} at each of ${chunks} chunks`,
            run: () => tryUpload(stand, subject, (round += 1), chunks, go),
            limitMs: 300_000,
          };
        }
      }
      for (const [way, go] of Object.entries(WAYS)) {
        yield { name: `setup: ${way} at each of ${chunks} chunks`, run: () => trySetup(stand, chunks, go) };
      }
      await makeArchive(stand);
      for (const path of isShort ? ['/backup/download'] : DOWNLOADS) {
        for (const [way, go] of Object.entries(WAYS)) {
          const bytes = [0, 1, 1 + random.below(200_000)];
          yield {
            name: `${path}: ${way} after ${bytes.join(', ')} bytes`,
            run: () => tryDownload(stand, path, bytes, go),
          };
        }
      }
    } finally {
      await stand.close();
    }
  },
};

/** At every chunk but the last the appliance stays as it is; then the whole upload is a success. */
async function tryUpload(
  stand: Stand,
  subject: Subject,
  round: number,
  chunks: number,
  go: (connection: Connection) => void,
): Promise<void> {
  const { appliance } = stand;
  const { incoming } = appliance.paths;
  const { files = {}, secrets = {} } = await subject.make(appliance, round);
  for (const [name, secret] of Object.entries(secrets)) stand.secrets.set(name, secret);
  const form = await makeForm(files);
  const path = `${PREFIX}${subject.request.path}?token=${TOKEN}`;
  const before = await subject.state(appliance);
  const gone: Promise<void>[] = [];
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const begun = new Set(await readdir(incoming));
    const connection = await sendPart(stand, path, form, chunk / chunks);
    await poll('the upload has begun', async () =>
      (await readdir(incoming)).some((name) => !begun.has(name)),
    );
    go(connection);
    gone.push(ended(connection.below));
  }
  await Promise.all(gone);
  await nothingIsLeft(stand);
  assert.equal(await subject.state(appliance), before, 'no job began');
  go(await sendPart(stand, path, form, 1));
  await nothingIsLeft(stand, subject.job);
  const either = await subject.state(appliance);
  assert([before, round].includes(either), `the state is that of round ${either}`);
  const { status, text } = await poll('the job of the client that is gone is over', async () => {
    const answer = await ask({ port: stand.daemon.port, method: 'POST', path, ...form });
    return !answer.text.includes('is already running') && answer;
  });
  assert([200, 202].includes(status), `the next upload: ${status} ${text}`);
  await nothingIsLeft(stand, subject.job);
  assert.equal(await subject.state(appliance), round, 'the next upload works');
  assert.deepEqual(await leakedSecrets(stand), []);
}

async function trySetup(stand: Stand, chunks: number, go: (connection: Connection) => void): Promise<void> {
  const form = await makeForm({}, { newtoken: 'anothertoken' });
  const path = `${PREFIX}/setup?token=${TOKEN}`;
  const gone: Promise<void>[] = [];
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const connection = await sendPart(stand, path, form, chunk / chunks);
    go(connection);
    gone.push(ended(connection.below));
  }
  await Promise.all(gone);
  await nothingIsLeft(stand);
  const same = await makeForm({}, { newtoken: TOKEN });
  const { status, text } = await ask({ port: stand.daemon.port, method: 'POST', path, ...same });
  assert.equal(status, 200, `the token is the old one: ${text}`);
}

async function tryDownload(
  stand: Stand,
  path: string,
  bytes: readonly number[],
  go: (connection: Connection) => void,
): Promise<void> {
  const { process, port } = stand.daemon;
  const before = footprintOf(process.pid ?? 0).descriptors;
  const target = `${PREFIX}${path}?token=${TOKEN}`.replace(`${PREFIX}/docs`, '/docs');
  for (const count of bytes) {
    const connection = await openTls(port);
    const { socket, below } = connection;
    socket.write(headOf('GET', target));
    let received = 0;
    if (count > 0) {
      await new Promise<void>((resolve) => {
        below.once('close', () => resolve());
        socket.on('data', (chunk: Buffer) => {
          received += chunk.length;
          if (received < count) return;
          socket.pause();
          resolve();
        });
        // Where the answer is shorter, it is all there is.
        setTimeout(resolve, IDLE_MS / 2).unref();
      });
    }
    go(connection);
    socket.removeAllListeners('data').resume();
    await ended(below);
  }
  await poll('descriptors are given back', () =>
    Promise.resolve(footprintOf(process.pid ?? 0).descriptors <= before + 2),
  );
  for (const job of ['logs', 'debug'] as const) await nothingIsLeft(stand, job);
  const { status } = await ask({ port, path: target });
  assert.equal(status, 200, 'the next download works');
}

/** The head, and a part of the body. */
async function sendPart(
  { daemon: { port } }: Stand,
  path: string,
  { headers, body }: FormBody,
  part: number,
): Promise<Connection> {
  const connection = await openTls(port);
  connection.socket.resume();
  connection.socket.write(headOf('POST', path, headers));
  const bytes = body.subarray(0, Math.floor(body.length * part));
  if (bytes.length > 0) await new Promise<void>((sent) => void connection.socket.write(bytes, () => sent()));
  return connection;
}

async function nothingIsLeft({ appliance }: Stand, job?: JobName): Promise<void> {
  const { incoming } = appliance.paths;
  await poll('nothing is left of the uploads', async () => (await readdir(incoming)).length === 0);
  if (job) await awaitSettled(job, appliance);
  await poll('no job runs', async () => (await heldLocks(appliance)).length === 0);
  assert.deepEqual(await stagedFiles(appliance), []);
}

/** For downloads: a backup, which is large enough to be sent in many chunks. */
async function makeArchive(stand: Stand): Promise<void> {
  const form = await makeForm({}, { action: 'START' });
  const path = `${PREFIX}/backup?token=${TOKEN}`;
  const { status } = await ask({ port: stand.daemon.port, method: 'POST', path, ...form });
  assert.equal(status, 202);
  await awaitSettled('backup', stand.appliance);
}
