import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpoints } from '../../../src/api/v1/index.js';
import type { Endpoint } from '../../../src/http/endpoint.js';
import type { JobName } from '../../../src/jobs/index.js';
import { jobs } from '../../../src/jobs/index.js';
import { readJobStatus } from '../../../src/records/job-status.js';
import { createAppliance, TOKEN } from '../../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../../support/daemon-process.js';
import { poll } from '../../support/poll.js';
import { servedFingerprint } from '../../support/served-certificate.js';
import { writeScript } from '../../support/script-file.js';
import { ask, OPERATOR, type Answer } from '../net/client.js';
import { makeForm, type FormBody } from '../net/form.js';
import { overSsh } from '../net/ssh.js';
import { heldLocks, stagedFiles } from '../oracle/leftovers.js';
import { leakedSecrets } from '../oracle/secrets.js';
import { awaitSettled, readTold } from '../oracle/truth.js';
import type { Random } from '../random.js';
import type { Group, Row } from '../row.js';
import { openStand, type Stand } from '../stand/stand.js';
import type { Subject } from '../stand/subject.js';
import { subjects } from '../stand/subjects.js';

const PREFIX = '/api/v1/admin';
const CLIENTS = 200;
const UPLOADS = ['update', 'settings', 'storage', 'license', 'certs', 'restore'] as const;
/** Their state is of one round, or torn. */
const HELD_WHOLE: readonly JobName[] = [...UPLOADS, 'backup'];
const ROUNDS = 3;

/** What asks, if only for what a job has to make first. */
const READS = endpoints.filter(({ method, name }) => method === 'GET' && name !== 'reboot');
const BUSY = /"Error-Message":"\w+ (is already running|cannot start while \w+ runs)"/;

type Try = (port: number, random: Random) => Promise<void>;

export const concurrency: Group = {
  name: 'concurrency',
  about:
    'clients, daemons and SSH commands at the same time: every answer is one that the state allows, and one job runs at a time',
  rows({ isShort, random }): readonly Row[] {
    const forMs = isShort ? 4_000 : 120_000;
    const clients = isShort ? 40 : CLIENTS;
    const mixed: Row = {
      name: `${clients} clients mix every endpoint${isShort ? '' : ' of two daemons'} for ${forMs / 1000} s`,
      run: () => mixEverything(clients, forMs, random, !isShort),
      limitMs: forMs + 480_000,
    };
    return [
      mixed,
      {
        name: 'two daemons and the SSH command on one appliance',
        run: oneJobAtATime,
        limitMs: 240_000,
      },
      { name: 'two daemons start at once on a new appliance', run: startTogether, limitMs: 240_000 },
    ];
  },
};

async function mixEverything(clients: number, forMs: number, random: Random, askTwo: boolean): Promise<void> {
  const all = Object.values(subjects).map((create) => create());
  const stand = await openStand({
    settings: { logLevel: 'info' },
    async prepare(appliance) {
      for (const subject of all) await subject.prepare(appliance);
      // What those two of the subjects follow is one file, for one of them at a time.
      for (const name of ['network.sh', 'storage.sh'])
        await writeScript(join(appliance.paths.bin, name), 'sleep 0.1');
    },
  });
  let second: DaemonProcess | undefined;
  try {
    second = askTwo ? await stand.startSecond() : undefined;
    const ports = [stand.daemon, ...(second ? [second] : [])].map(({ port }) => port);
    const tries = [...READS.map(tryRead), ...(await changes(stand, all))];
    const until = performance.now() + forMs;
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        const own = random.fork(String(client));
        const port = ports[client % ports.length]!;
        do await tries[own.below(tries.length)]!(port, own);
        while (performance.now() < until);
      }),
    );
    const { appliance } = stand;
    for (const job of Object.keys(jobs) as JobName[]) await awaitSettled(job, appliance);
    await poll('no job runs', async () => (await heldLocks(appliance)).length === 0);
    for (const job of Object.keys(jobs) as JobName[]) {
      if ((await readJobStatus(jobs[job].status(appliance.paths))).fields.status === null) continue;
      const { status, log } = await readTold(job, appliance);
      if (log !== undefined && job !== 'backup' && job !== 'restore')
        assert.equal(log, status, `${job} tells one end`);
    }
    for (const { job, state } of all) if (HELD_WHOLE.includes(job)) await state(appliance);
    await poll('no upload is left', async () => (await readdir(appliance.paths.incoming)).length === 0);
    assert.deepEqual(await stagedFiles(appliance), []);
    assert.deepEqual(await leakedSecrets(stand), []);
    assert(stand.isServing());
    assert.equal(second?.process.exitCode ?? null, null, 'the second daemon serves');
  } finally {
    await second?.kill('SIGTERM');
    await stand.close();
  }
}

function tryRead({ path, auth, acts }: Endpoint): Try {
  return async (port, random) => {
    const isKnown = random.below(8) > 0;
    const answer = await ask({
      ...{ port, from: OPERATOR, timeoutMs: 120_000 },
      path: `${path}?token=${isKnown ? TOKEN : 'wrong'}`,
    });
    const isBusy = acts === true && BUSY.test(answer.text);
    const allowed = auth === 'none' ? [200, 302] : isKnown ? [200, 404, ...(isBusy ? [400] : [])] : [403];
    requireAllowed(`GET ${path}`, answer, allowed);
  };
}

async function changes({ appliance }: Stand, all: readonly Subject[]): Promise<Try[]> {
  const post = (what: string, form: FormBody, done: number) => async (port: number) => {
    const path = `${PREFIX}${what}?token=${TOKEN}`;
    const answer = await ask({ port, method: 'POST', path, ...form, timeoutMs: 120_000 });
    requireAllowed(`POST ${what}`, answer, BUSY.test(answer.text) ? [400] : [done]);
  };
  const tries: Try[] = [];
  for (const name of UPLOADS) {
    const subject = all.find(({ job }) => job === name)!;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { files = {} } = await subject.make(appliance, round);
      const isAwaited = name === 'license' || name === 'restore';
      tries.push(post(subject.request.path, await makeForm(files), isAwaited ? 200 : 202));
    }
  }
  for (const action of ['START', 'STOP']) tries.push(post('/backup', await makeForm({}, { action }), 202));
  tries.push(post('/setup', await makeForm({}, { newtoken: TOKEN }), 200));
  tries.push(async (port) => {
    const answer = await ask({ port, path: `${PREFIX}/reboot?token=${TOKEN}`, timeoutMs: 120_000 });
    requireAllowed('GET /reboot', answer, BUSY.test(answer.text) ? [400] : [202]);
  });
  return tries;
}

function requireAllowed(what: string, { status, text, headers }: Answer, allowed: readonly number[]): void {
  assert(allowed.includes(status), `${what}: ${status} ${text.slice(0, 200)}`);
  if (headers['content-type'] === 'application/json') JSON.parse(text);
}

/** A job that goes on until it is let: meanwhile nobody starts it anew, by whatever way. */
async function oneJobAtATime(): Promise<void> {
  const subject = subjects.settings();
  const stand = await openStand({
    settings: { logLevel: 'info' },
    prepare: ({ paths }) =>
      writeScript(join(paths.bin, 'network.sh'), 'until [ -e "$ADMIND_ROOT/work/go" ]; do sleep 0.05; done'),
  });
  const { appliance } = stand;
  let other: DaemonProcess | undefined;
  try {
    other = await startDaemonProcess(appliance);
    const go = join(appliance.root, 'work/go');
    const { files = {} } = await subject.make(appliance, 1);
    const form = await makeForm(files);
    const start = (port: number) =>
      ask({ port, method: 'POST', path: `${PREFIX}/settings?token=${TOKEN}`, ...form });
    const sent = async () =>
      writeFile(
        join(appliance.paths.uploads, 'network.json'),
        JSON.stringify({ interface: 'eth0', hostname: 'round-2' }),
      );

    const both = await Promise.all([start(stand.daemon.port), start(other.port), start(stand.daemon.port)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [202, 400, 400], 'one daemon starts it, once');
    await sent();
    const refused = await overSsh(appliance, 'settings dhcp');
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /already running/);
    assert.match((await overSsh(appliance, 'reboot')).output, /cannot start while settings runs/);
    await stand.restart();
    assert.equal((await start(other.port)).status, 400, 'the job outlives its daemon');
    assert.equal((await start(stand.daemon.port)).status, 400, 'and is not begun anew by the next one');
    await writeFile(go, '');
    await awaitSettled('settings', appliance);
    assert.equal((await readTold('settings', appliance)).status, 'success');

    await rm(go);
    const ssh = overSsh(appliance, 'settings dhcp');
    await poll('the SSH command holds the lock', async () =>
      (await heldLocks(appliance)).includes('settings'),
    );
    const answers = await Promise.all([start(stand.daemon.port), start(other.port)]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 400],
    );
    await writeFile(go, '');
    assert.equal((await ssh).code, 0, (await ssh).output);
    assert.deepEqual(await heldLocks(appliance), []);
  } finally {
    await other?.kill('SIGTERM');
    await stand.close();
  }
}

async function startTogether(): Promise<void> {
  const appliance = await createAppliance({ logLevel: 'info' });
  await appliance.write(appliance.paths.version, '1.0.0\n');
  const started = await Promise.allSettled([startDaemonProcess(appliance), startDaemonProcess(appliance)]);
  const daemons = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    assert.deepEqual(
      started.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : [])),
      [],
    );
    await poll('both serve the same certificate', async () => {
      const [first, ...others] = await Promise.all(daemons.map(({ port }) => servedFingerprint(port)));
      return others.every((fingerprint) => fingerprint === first);
    });
    const form = await makeForm({}, { newtoken: TOKEN });
    const setups = await Promise.all(
      daemons.map(({ port }) => ask({ port, method: 'POST', path: `${PREFIX}/setup`, ...form })),
    );
    assert.equal(setups.filter(({ status }) => status === 200).length, 1, 'one of two first set-ups wins');
    for (const { port } of daemons) {
      const { status, text } = await ask({ port, path: `${PREFIX}/version?token=${TOKEN}` });
      assert.equal(status, 200, text);
    }
  } finally {
    for (const daemon of daemons) await daemon.kill('SIGTERM');
    await appliance.remove();
  }
}
