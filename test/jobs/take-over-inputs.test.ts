import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { appliancePaths, type Paths } from '../../src/config/paths.js';
import { licenseJob } from '../../src/jobs/license.js';
import { takeOverInputs } from '../../src/jobs/take-over-inputs.js';
import { poll } from '../support/poll.js';

/** Takes seconds to copy. */
const LARGE_BYTES = 4 * 1024 ** 3;
const goOn = new AbortController().signal;

let root: string;
let paths: Paths;
let sent: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'admind-inputs-'));
  paths = appliancePaths(root);
  sent = join(paths.incoming, 'request/license');
  for (const directory of [paths.taken, paths.uploads, dirname(sent)])
    await mkdir(directory, { recursive: true });
  await writeFile(join(root, 'secret'), 'secret');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const ways = [
  ['moved', undefined],
  ['copied', process.getuid?.()],
] as const;

describe.each(ways)('an input that is %s', (_way, requester) => {
  const takeOver = () => takeOverInputs(licenseJob, paths, { license: sent }, goOn, requester);

  test('is taken out of the reach of whoever uploads', async () => {
    await writeFile(sent, 'mine', { mode: 0o666 });
    await takeOver();
    expect(await readFile(paths.licenseInput, 'utf8')).toBe('mine');
    expect(dirname(paths.licenseInput)).toBe(paths.taken);
  });

  test.each([
    ['a link', () => symlink(join(root, 'secret'), sent)],
    ['a second name of a file', () => link(join(root, 'secret'), sent)],
    ['a directory', () => mkdir(sent)],
  ])('is not %s', async (_what, plant) => {
    await plant();
    await expect(takeOver()).rejects.toThrow();
    expect(await readdir(paths.taken)).toEqual([]);
    expect(await readFile(join(root, 'secret'), 'utf8')).toBe('secret');
  });
});

test('an input that is moved is kept from others before it is', async () => {
  await writeFile(sent, 'mine');
  await chmod(sent, 0o644);
  // Nothing can be moved to where it is to go.
  await mkdir(join(paths.licenseInput, 'in-the-way'), { recursive: true });
  await expect(takeOverInputs(licenseJob, paths, { license: sent }, goOn)).rejects.toThrow();
  expect((await stat(sent)).mode & 0o777).toBe(0o600);
});

test('an input is not looked for through a link that took the place of its directory', async () => {
  await rm(dirname(sent), { recursive: true });
  await symlink(root, dirname(sent));
  const input = { license: join(dirname(sent), 'secret') };
  await expect(takeOverInputs(licenseJob, paths, input, goOn, process.getuid?.())).rejects.toThrow();
  expect(await readdir(paths.taken)).toEqual([]);
});

test.each(['update', 'settings', 'storage', 'certs', 'license', 'restore'] as const)(
  'what another one plants in the uploads is no input of %s',
  async (name) => {
    const { jobs } = await import('../../src/jobs/index.js');
    for (const target of Object.values(jobs[name].inputs?.(paths) ?? {}))
      expect(dirname(target)).toBe(paths.taken);
  },
);

test('a copy that is stopped ends at once', async () => {
  await writeFile(sent, '');
  await truncate(sent, LARGE_BYTES);
  const stop = new AbortController();
  const copying = takeOverInputs(licenseJob, paths, { license: sent }, stop.signal, process.getuid?.());
  const copied = async () => (await stat(paths.licenseInput).catch(() => undefined))?.size ?? 0;
  await poll('something is copied', async () => (await copied()) > 0);
  stop.abort();
  await expect(copying).rejects.toThrow();
  expect(await copied()).toBeLessThan(LARGE_BYTES);
});
