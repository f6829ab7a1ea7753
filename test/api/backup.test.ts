import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EVERYTHING } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';
import { describeTree } from '../support/tree.js';

let appliance: TestDaemon;
let unmount: (() => void) | undefined;

beforeAll(async () => {
  appliance = await startTestDaemon({
    prepare: ({ paths, write }) => write(paths.endpointConfiguration, EVERYTHING),
  });
});
afterAll(() => appliance.stop());

beforeEach(async () => {
  const { paths, write } = appliance;
  for (const path of [paths.data, paths.backupLog]) await rm(path, { recursive: true, force: true });
  for (const name of await readdir(paths.uploads)) await rm(join(paths.uploads, name));
  await write(paths.backupList, 'app\n');
  await write(join(paths.data, 'app/a.txt'), 'first');
  await write(join(paths.data, 'app/lib/b.txt'), 'second');
});
afterEach(() => {
  unmount?.();
  unmount = undefined;
});

const act = (action: string) => appliance.signed('POST', '/backup').field('action', action);
const get = (path = '') => appliance.signed('GET', `/backup${path}`);
const status = async () => (await get()).body as Record<string, unknown>;
const ended = () =>
  poll('the backup ends', async () => {
    const now = await status();
    return now.status !== 'running' && now;
  });
const log = async () =>
  (await appliance.read(appliance.paths.backupLog))
    .replace(/^\[\d+\]/gm, '')
    .split('\n')
    .slice(0, -1);
const data = (name: string) => join(appliance.paths.data, name);
const restore = (archive: string | Buffer) =>
  typeof archive === 'string'
    ? appliance.signed('POST', '/backup/restore').attach('archive', archive)
    : appliance.signed('POST', '/backup/restore').attach('archive', archive, 'backup.tar');
const messageOf = ({ body }: { body: unknown }) => (body as Record<string, unknown>)['Error-Message'];
const ACCEPTED = '{"Status":"202 Accepted","Location":"/api/v1/admin/backup"}';
const ACTION_MESSAGE = "Missing or invalid option: action. Expected value 'START' or 'STOP'";

async function backUp(): Promise<Record<string, unknown>> {
  expect((await act('START')).status).toBe(202);
  return ended();
}

/** A file that takes a while to be read, and no space. */
async function makeSlow(): Promise<void> {
  await writeFile(data('app/slow'), '');
  await truncate(data('app/slow'), 2 ** 31);
}

describe('POST backup', () => {
  test('START makes the archive, its status and its log', async () => {
    const answer = await act('START');
    expect([answer.status, answer.headers.location, answer.text]).toEqual([
      202,
      '/api/v1/admin/backup',
      ACCEPTED,
    ]);
    const { backupArchive, backupStatus, uploads } = appliance.paths;
    const result = await ended();
    const sha256 = createHash('sha256')
      .update(await readFile(backupArchive))
      .digest('hex');
    expect(result).toEqual({ status: 'success', filesize: '12K', sha256 });
    expect(await appliance.read(backupStatus)).toBe(JSON.stringify(result));
    expect((await get()).text).toBe(JSON.stringify(result));
    expect(await log()).toEqual([
      '[SYSTEM] Validating backup file size',
      '[SYSTEM] Starting backup',
      `Created file: ${backupArchive} - size: 12K - hash: ${sha256}`,
      '[SYSTEM] Backup complete',
    ]);
    expect((await get('/log')).text).toBe(await appliance.read(appliance.paths.backupLog));
    for (const file of [backupArchive, backupStatus]) expect((await stat(file)).mode & 0o777).toBe(0o644);
    expect((await stat(backupArchive)).gid).toBe((await stat(backupStatus)).gid);
    expect((await readdir(uploads)).sort()).toEqual(['backup.json', 'backup.tar']);
    const names = execFileSync('tar', ['-tf', backupArchive], { encoding: 'utf8' });
    expect(names).toBe('app/\napp/a.txt\napp/lib/\napp/lib/b.txt\n');
    expect(await appliance.read(appliance.paths.auditLog)).toMatch(/,web,admin,backup\.post,"START"/);
  });

  test.each(['start', 'Start', 'sTOP'])('takes the action in any case: %s', async (action) => {
    expect((await act(action)).status).toBe(202);
    await poll('it has ended', async () => (await status()).status !== 'running');
  });

  test('takes the action in the query and in an urlencoded form', async () => {
    expect((await appliance.signed('POST', '/backup?action=STOP')).status).toBe(202);
    expect((await appliance.signed('POST', '/backup').type('form').send('action=STOP')).status).toBe(202);
  });

  test.each(['', 'RESTART', 'START '])('refuses another action: %j', async (action) => {
    const answer = await act(action);
    expect([answer.status, messageOf(answer)]).toEqual([400, ACTION_MESSAGE]);
    expect(existsSync(appliance.paths.backupLog)).toBe(false);
  });

  test('refuses a missing action', async () => {
    const answer = await appliance.signed('POST', '/backup');
    expect([answer.status, messageOf(answer)]).toEqual([400, ACTION_MESSAGE]);
  });

  test('refuses START without a list, and names it', async () => {
    await rm(appliance.paths.backupList);
    const answer = await act('START');
    expect([answer.status, messageOf(answer)]).toEqual([
      400,
      'This appliance has nothing to back up: etc/backup.txt is missing',
    ]);
    expect((await get()).status).toBe(404);
  });

  test('refuses START while a backup runs, and leaves that one alone', async () => {
    await makeSlow();
    expect((await act('START')).status).toBe(202);
    const answer = await act('START');
    expect([answer.status, messageOf(answer)]).toEqual([400, 'Backup is already running']);
    expect(messageOf(await restore(Buffer.from('x')))).toBe('Restore cannot start while backup runs');
    expect(await status()).toEqual({ status: 'running', percentage: expect.any(Number) });
    expect((await act('STOP')).status).toBe(202);
  });

  test('STOP ends a running backup and leaves nothing of it', async () => {
    await makeSlow();
    await act('START');
    await poll('it has got somewhere', async () => Number((await status()).percentage) > 1);
    expect((await act('STOP')).text).toBe(ACCEPTED);
    expect((await get()).status).toBe(404);
    expect((await get('/download')).status).toBe(404);
    expect(await readdir(appliance.paths.uploads)).toEqual([]);
    expect((await log()).map((line) => line.replace('[SYSTEM] ', ''))).toEqual([
      'Validating backup file size',
      'Starting backup',
      'Stopping backup',
      expect.stringMatching(/^Backup was stopped/),
      'Backup failed',
      'Deleting backup archive',
    ]);
    expect(await appliance.read(appliance.paths.auditLog)).toMatch(/,web,admin,backup\.post,"STOP"/);
    await rm(data('app/slow'));
    expect(await backUp()).toMatchObject({ status: 'success' });
  });

  test('STOP after a backup deletes archive and status', async () => {
    await backUp();
    expect((await act('STOP')).status).toBe(202);
    expect(await readdir(appliance.paths.uploads)).toEqual([]);
    expect((await log()).at(-1)).toBe('[SYSTEM] Deleting backup archive');
  });

  test('STOP with nothing to stop is accepted and does nothing', async () => {
    expect((await act('STOP')).status).toBe(202);
    expect(existsSync(appliance.paths.backupLog)).toBe(false);
    expect((await get('/log')).status).toBe(404);
  });
});

describe('a backup that fails', () => {
  test.each([
    ['nowhere', 'backup.txt, line 2: "nowhere" is missing in '],
    ['/etc', 'backup.txt, line 2: "/etc" has an absolute path'],
    ['app/../../etc', 'backup.txt, line 2: "app/../../etc" has a ".." in its path'],
    ['out', 'backup.txt, line 2: "out" is a link that may lead out of '],
    ['out/passwd', 'backup.txt, line 2: "out/passwd" leads through the link out'],
    ['app/a.txt/x', 'backup.txt, line 2: "app/a.txt/x" is missing in '],
    ['\0\0', 'has a zero byte in its path'],
  ])('names the line: %s', async (line, message) => {
    await backUp();
    const before = await readFile(appliance.paths.backupArchive);
    await symlink('/etc', data('out'));
    await appliance.write(appliance.paths.backupList, `app\n${line}\n`);
    expect(await backUp()).toEqual({ status: 'failed' });
    const lines = await log();
    expect(lines.at(-2)).toContain(message);
    expect(lines.at(-1)).toBe('[SYSTEM] Backup failed');
    expect(await readFile(appliance.paths.backupArchive)).toEqual(before);
  });

  test('of an empty list says so', async () => {
    await appliance.write(appliance.paths.backupList, '\n  \n');
    expect(await backUp()).toEqual({ status: 'failed' });
    expect((await log()).at(-2)).toContain('backup.txt names nothing to back up');
  });

  testWithMount(
    'when the archive would be larger than the free space less 16 MiB, with both numbers',
    async () => {
      unmount = mountTmpfs(appliance.paths.uploads, '24m');
      await writeFile(data('app/fits'), Buffer.alloc(7 * 1024 * 1024));
      expect(await backUp()).toMatchObject({ status: 'success' });
      await appliance.signed('POST', '/backup').field('action', 'STOP');
      await writeFile(data('app/more'), Buffer.alloc(2 * 1024 * 1024));
      expect(await backUp()).toEqual({ status: 'failed' });
      expect((await log()).at(-2)).toMatch(
        /Not enough disk space for the backup: \d+ bytes needed, \d+ bytes free/,
      );
      expect(await readdir(appliance.paths.uploads)).toEqual(['backup.json']);
    },
  );
});

describe('GET backup/download', () => {
  test('sends the archive to be saved, whole or in part', async () => {
    await backUp();
    const bytes = await readFile(appliance.paths.backupArchive);
    const whole = await get('/download').buffer();
    expect(whole.headers).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': 'attachment; filename="backup.tar"',
      'content-length': String(bytes.length),
      'accept-ranges': 'bytes',
    });
    const part = await get('/download')
      .set('Range', 'bytes=1000-')
      .set('If-Range', String(whole.headers.etag));
    expect([part.status, part.headers['content-range']]).toEqual([
      206,
      `bytes 1000-${bytes.length - 1}/${bytes.length}`,
    ]);
    expect((await get('/download').set('Range', 'bytes=999999-')).status).toBe(416);
  });

  test('breaks off when the file is cut meanwhile, instead of having the client wait for the rest', async () => {
    const file = appliance.paths.backupLog;
    await appliance.write(file, '');
    await truncate(file, 2 ** 28);
    const answer = get('/log')
      .buffer(true)
      .parse((stream, done) => {
        const body = stream as unknown as NodeJS.ReadableStream;
        body.pause();
        void truncate(file, 1000).then(() => body.resume());
        body.on('end', () => done(null, ''));
      });
    await expect(answer).rejects.toThrow('aborted');
  });

  test('should 404 without an archive', async () => {
    expect((await get('/download')).text).toBe('{"Status":"404 Not Found"}');
    expect((await get()).text).toBe('{"Status":"404 Not Found"}');
  });
});

describe('POST backup/restore', () => {
  test('brings back what was backed up, and leaves other files alone', async () => {
    await chmod(data('app/a.txt'), 0o640);
    const before = describeTree(data('app'));
    await backUp();
    await rm(data('app/lib'), { recursive: true });
    await writeFile(data('app/a.txt'), 'spoiled');
    await writeFile(data('other'), 'stays');
    const answer = await restore(appliance.paths.backupArchive);
    expect([answer.status, answer.text]).toEqual([200, '{"Status":"200 OK"}']);
    expect(describeTree(data('app'))).toEqual(before);
    expect((await readdir(appliance.paths.data)).sort()).toEqual(['app', 'other']);
    expect((await log()).slice(-2)).toEqual([
      `[SYSTEM] Restoring backup archive to ${appliance.paths.data}`,
      '[SYSTEM] Restore complete',
    ]);
    expect((await readdir(appliance.paths.uploads)).sort()).toEqual(['backup.json', 'backup.tar']);
    expect(await appliance.read(appliance.paths.auditLog)).toMatch(
      /,web,admin,backup\.restore,"backup-archive\.tar"/,
    );
  });

  test.each([
    ['garbage', Buffer.from('garbage'.repeat(1000))],
    ['nothing', Buffer.alloc(0)],
    ['an empty archive', Buffer.alloc(10_240)],
  ])('refuses %s, changes nothing and keeps no upload', async (_title, bytes) => {
    await rm(appliance.paths.auditLog, { force: true });
    const before = describeTree(appliance.paths.data);
    const answer = await restore(bytes);
    expect([answer.status, answer.body]).toEqual([
      400,
      { Status: '400 Bad Request', 'Error-Message': 'Unable to extract backup archive' },
    ]);
    expect(describeTree(appliance.paths.data)).toEqual(before);
    expect(await readdir(appliance.paths.uploads)).toEqual([]);
    expect(existsSync(appliance.paths.auditLog)).toBe(false);
    const lines = await log();
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/The archive (is|holds)/);
    expect(lines[2]).toBe('[SYSTEM] Restore failed');
  });

  test('refuses a form without an archive', async () => {
    const answer = await appliance.signed('POST', '/backup/restore').field('other', 'x');
    expect([answer.status, messageOf(answer)]).toEqual([400, 'Unknown field: other. Allowed: archive']);
    expect(messageOf(await appliance.signed('POST', '/backup/restore'))).toBe(
      'Missing field: archive. Expected a file',
    );
  });

  testWithMount('that fails half-way puts back what was there', async () => {
    await writeFile(data('app/zoo'), 'third');
    await backUp();
    await rm(data('app/zoo'));
    for (const name of ['a.txt', 'lib/b.txt']) await writeFile(data(`app/${name}`), 'newer');
    // What something is mounted on cannot be moved away.
    unmount = mountTmpfs(data('app/zoo'), '1m');
    const before = describeTree(appliance.paths.data);
    expect((await restore(appliance.paths.backupArchive)).status).toBe(400);
    expect(describeTree(appliance.paths.data)).toEqual(before);
    expect((await log()).slice(-3)).toEqual([
      expect.stringMatching(/Cannot replace "app\/zoo": EBUSY/),
      expect.stringMatching(/The previous state was put back$/),
      '[SYSTEM] Restore failed',
    ]);
    unmount();
    unmount = undefined;
    await rm(data('app/zoo'), { recursive: true });
    expect((await restore(appliance.paths.backupArchive)).status).toBe(200);
    expect(await appliance.read(data('app/a.txt'))).toBe('first');
  });
});
