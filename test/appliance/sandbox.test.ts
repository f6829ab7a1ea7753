import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { prepareSandbox, vendorDirectory } from '../../src/appliance/sandbox.js';
import { appliancePaths, type Paths } from '../../src/config/paths.js';
import { startDaemonProcess } from '../support/daemon-process.js';
import { testWith } from '../support/tools.js';

let root: string;
let paths: Paths;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'admind-sandbox-'));
  paths = appliancePaths(root);
});
afterEach(() => rm(root, { recursive: true }));

/** Whether the vendor's side can sign what the appliance's side accepts. */
async function requireOnePair(): Promise<void> {
  const { updatesKey, updatesPublicKey } = paths;
  const keys = join(vendorDirectory(root), 'keys');
  const read = (file: string) => readFile(file, 'utf8');
  const signer = createPublicKey(createPrivateKey(await read(join(keys, 'updates.private.pem'))));
  expect(signer.export({ type: 'spki', format: 'pem' })).toBe(await read(updatesPublicKey));
  expect(await read(join(keys, 'updates.key'))).toBe(await read(updatesKey));
}

test('daemons that start at once on an empty root serve one sandbox, which one of them has made', async () => {
  const starts = await Promise.allSettled([1, 2, 3].map(() => startDaemonProcess({ root })));
  const daemons = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  try {
    expect(daemons).toHaveLength(starts.length);
    // Nobody has set a token yet.
    for (const daemon of daemons) await daemon.call('get', '/version').expect(403);
    await requireOnePair();
    expect(await readdir(root)).not.toContain('.incomplete');
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.kill('SIGTERM')));
  }
});

test('what a process that was killed has begun is made again', async () => {
  await mkdir(join(root, '.incomplete'));
  const dead = { pid: 0x7fff_fff0, startTicks: 1 };
  const holder = { bootId: 'another', pidNamespace: 'pid:[1]', process: dead, groups: [] };
  await writeFile(join(root, '.incomplete/1.claim'), JSON.stringify(holder));
  await mkdir(join(vendorDirectory(root), 'keys'), { recursive: true });
  await writeFile(join(vendorDirectory(root), 'keys/updates.key'), 'half');
  await prepareSandbox(root, paths);
  await requireOnePair();
  expect(await readdir(root)).not.toContain('.incomplete');
});

testWith('strace')('what may not be on the disk is not complete, and is made again', async () => {
  const fault = ['-e', 'trace=syncfs', '-e', 'inject=syncfs:error=EIO'];
  const prefix = ['strace', '-f', '-qq', '-o', '/dev/null', ...fault];
  const start = startDaemonProcess({ root }, { prefix }).then((daemon) => daemon.kill('SIGKILL'));
  await expect(start).rejects.toThrow('the daemon ended');
  expect(await readdir(root)).toContain('.incomplete');
  expect(await readdir(paths.etc)).not.toContain(basename(paths.updatesPublicKey));
  await prepareSandbox(root, paths);
  await requireOnePair();
});

test('one that is complete stays as it is, also where it could not be told of', async () => {
  await prepareSandbox(root, paths);
  const key = await readFile(paths.updatesKey, 'utf8');
  await mkdir(join(root, '.incomplete'));
  await prepareSandbox(root, paths);
  expect(await readFile(paths.updatesKey, 'utf8')).toBe(key);
  expect(await readdir(root)).not.toContain('.incomplete');
});

test('a root that holds something else is refused, and left alone', async () => {
  await writeFile(join(root, 'letters'), '');
  await expect(prepareSandbox(root, paths)).rejects.toThrow(
    'it is not empty, and has none of opt, usr, data',
  );
  expect(await readdir(root)).toEqual(['letters']);
});
