import { existsSync } from 'node:fs';
import {
  chmod,
  cp,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Change } from '../../src/system/change.js';
import {
  attributesList,
  beginTreeChange,
  findTreeChange,
  isTreeChangeOpen,
  stagedTree,
  stageTree,
  type TreePlaces,
} from '../../src/system/tree-change.js';
import { IMPLIED_DIRECTORY_MODE, STATED_DIRECTORY_MODE } from '../../src/system/tree-plan.js';
import { makeImmutable } from '../support/immutable.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithImmutable } from '../support/test-with-immutable.js';
import { testWithMount } from '../support/test-with-mount.js';
import { describeTree } from '../support/tree.js';

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'admind-tree-'));
});
afterEach(() => rm(work, { recursive: true, force: true }));

/** Each of these ends a line somewhere. */
const ODD_NAME = 'kept/odd\u2028\r\nname';

const endless = new AbortController().signal;

/** A signal that stops a change before its step `count`. */
function stopAfter(count: number): AbortSignal {
  return {
    throwIfAborted() {
      if (count-- === 0) throw new Error('stopped');
    },
  } as AbortSignal;
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** Every kind of thing in place of every kind of thing. */
async function prepare(name: string): Promise<TreePlaces> {
  const at = (...parts: string[]) => join(work, name, ...parts);
  const places = { target: at('target'), directory: at('scratch'), journal: at('journal.json') };
  const { target } = places;
  await write(join(target, 'kept/other'), 'not in the archive');
  await write(join(target, 'kept/file'), 'old');
  await link(join(target, 'kept/file'), join(target, 'kept/second-name'));
  await write(join(target, 'file-to-directory'), 'old');
  await write(join(target, 'directory-to-file/inner'), 'old');
  await mkdir(join(target, 'directory-to-link'));
  await symlink('kept', join(target, 'link-to-directory'));
  await symlink('kept', join(target, 'link-to-file'));
  await symlink('kept/file', join(target, 'link-to-link'));
  await mkdir(join(target, 'closed'));
  await write(join(target, 'closed/file'), 'old');
  await chmod(join(target, 'closed'), 0o710);
  await utimes(join(target, 'closed'), 1_000_000_000, 1_000_000_000);

  const staged = stagedTree(places);
  await write(join(staged, 'kept/file'), 'new');
  await write(join(staged, 'kept/added/deep/file'), 'new');
  await write(join(staged, ODD_NAME), 'new');
  await write(join(staged, 'file-to-directory/inner'), 'new');
  await write(join(staged, 'directory-to-file'), 'new');
  await symlink('kept', join(staged, 'directory-to-link'));
  await write(join(staged, 'link-to-directory/inner'), 'new');
  await write(join(staged, 'link-to-file'), 'new');
  await symlink('closed', join(staged, 'link-to-link'));
  await write(join(staged, 'closed/file'), 'new');
  const stated = ['kept', 'file-to-directory', 'link-to-directory', 'closed'];
  for (const path of stated) await chmod(join(staged, path), STATED_DIRECTORY_MODE);
  const attributes = stated.map((path) => JSON.stringify({ path, mode: 0o2750, mtimeMs: 1_500_000_000_000 }));
  await writeFile(attributesList(places), `${attributes.join('\n')}\n`);
  return places;
}

test('replaces every kind of thing by every kind, and keeps what is not in the tree', async () => {
  const places = await prepare('all');
  const change = await beginTreeChange(places);
  await change.apply(endless);
  await change.commit({ percentage: 100 });
  const found = await findTreeChange(places);
  expect([found?.isCommitted, found?.note]).toEqual([true, { percentage: 100 }]);
  await found?.close();
  expect(await readdir(join(work, 'all'))).toEqual(['target']);
  const shown = describeTree(places.target).map((line) =>
    line.replace(/ \d+:\d+ \d+ /, ' ').replace(/( \d+ \d+) [0-9a-f]{12}$/, '$1'),
  );
  expect(shown).toEqual([
    'closed 2750/',
    'closed/file 644 3',
    'directory-to-file 644 3',
    'directory-to-link -> kept',
    'file-to-directory 2750/',
    'file-to-directory/inner 644 3',
    'kept 2750/',
    'kept/added 755/',
    'kept/added/deep 755/',
    'kept/added/deep/file 644 3',
    'kept/file 644 3',
    `${ODD_NAME} 644 3`,
    'kept/other 644 18',
    'kept/second-name 644 3',
    'link-to-directory 2750/',
    'link-to-directory/inner 644 3',
    'link-to-file 644 3',
    'link-to-link -> closed',
  ]);
});

test('is undone from wherever it was stopped, by the process that finds it', async () => {
  const first = await prepare('0');
  const before = describeTree(first.target);
  for (let count = 0; ; count += 1) {
    const places = await prepare(String(count + 1));
    const expected = describeTree(places.target);
    const change = await beginTreeChange(places);
    const isDone = await change.apply(stopAfter(count)).then(
      () => true,
      () => false,
    );
    const found = await findTreeChange(places);
    expect(found?.isCommitted).toBe(false);
    await undo(found);
    expect(describeTree(places.target)).toEqual(expected);
    expect(expected).toHaveLength(before.length);
    expect(await readdir(join(work, String(count + 1)))).toEqual(['target']);
    if (isDone) break;
  }
});

/** @returns what is said to be lost */
async function undo(change: Change | undefined): Promise<string | undefined> {
  const lost = await change?.putBack();
  await change?.close();
  return lost;
}

/** The list of steps, as damage leaves it. */
const DAMAGES: readonly (readonly [string, (file: string) => Promise<unknown>])[] = [
  ['a line is no JSON', (file) => change(file, (lines) => lines.with(-1, 'zeros\0\0'))],
  ['a line leads out', (file) => change(file, (lines) => lines.with(-1, '{"path":"../x","number":0}'))],
  ['its end is cut off', (file) => change(file, (lines) => lines.slice(0, -1))],
  ['it is one long line', (file) => writeFile(file, Buffer.alloc(3_000_000))],
  ['it is missing', (file) => rm(file)],
  ['it is a directory', (file) => rm(file).then(() => mkdir(file))],
];

async function change(file: string, damage: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  // Of the steps that keep something, so that something is missing.
  const isKeeping = (line: string) => line.includes('"link-to-link"');
  const sorted = [...lines.filter((line) => !isKeeping(line)), ...lines.filter(isKeeping)];
  await writeFile(file, `${damage(sorted).join('\n')}\n`);
}

test.each(DAMAGES)('a damaged list of steps is settled, and nothing is lost: %s', async (_what, damage) => {
  const places = await prepare('damaged');
  const before = describeTree(places.target);
  await (await beginTreeChange(places)).apply(endless);
  await damage(join(places.directory, 'steps'));
  const said = await undo(await findTreeChange(places));
  expect(said).toMatch(/^The list of what was replaced is damaged: .* kept in /);
  const [, aside = ''] = / kept in (.*)$/.exec(said ?? '') ?? [];
  expect((await readdir(aside)).length).toBe(Number(/(\d+) previous/.exec(said ?? '')?.[1]));
  expect(await findTreeChange(places)).toBeUndefined();
  expect(existsSync(places.directory)).toBe(false);
  if (_what.startsWith('a line')) {
    const differs = (line: string) => line.startsWith('link-to-link');
    expect(describeTree(places.target).filter((line) => !differs(line))).toEqual(
      before.filter((line) => !differs(line)),
    );
  }
});

test.each([
  ['is no JSON', (file: string) => writeFile(file, '{"isComm')],
  ['is JSON of another kind', (file: string) => writeFile(file, 'null')],
  ['is a directory', (file: string) => rm(file).then(() => mkdir(file))],
])('a journal that %s is one of a change that is put back', async (_what, damage) => {
  const places = await prepare('journal');
  const before = describeTree(places.target);
  await (await beginTreeChange(places)).apply(endless);
  await damage(places.journal);
  expect(await undo(await findTreeChange(places))).toBeUndefined();
  expect(describeTree(places.target)).toEqual(before);
  expect(await readdir(join(work, 'journal'))).toEqual(['target']);
});

test('what was put back is put back again by whoever finds it before it is closed', async () => {
  const places = await prepare('cut-off');
  const before = describeTree(places.target);
  const change = await beginTreeChange(places);
  await change.apply(endless);
  await change.putBack();
  expect(describeTree(places.target)).toEqual(before);
  expect(await undo(await findTreeChange(places))).toBeUndefined();
  expect(describeTree(places.target)).toEqual(before);
  expect(await readdir(join(work, 'cut-off'))).toEqual(['target']);
});

/** As where the volume is not mounted that holds what is kept. @returns mounts it */
async function moveAside({ directory }: TreePlaces): Promise<() => Promise<void>> {
  const aside = join(work, 'aside');
  await rename(directory, aside);
  return () => rename(aside, directory);
}

test('what is not there when it is to be put back is put back when it is there, as on a volume that is mounted late', async () => {
  const places = await prepare('late');
  const before = describeTree(places.target);
  await (await beginTreeChange(places)).apply(endless);
  const bringBack = await moveAside(places);
  expect(await undo(await findTreeChange(places))).toMatch(/^The list of what was replaced is missing: /);
  expect(await findTreeChange(places)).toBeUndefined();
  expect([existsSync(places.journal), await isTreeChangeOpen(places)]).toEqual([false, false]);

  await bringBack();
  expect(await isTreeChangeOpen(places)).toBe(true);
  expect(await undo(await findTreeChange(places))).toBeUndefined();
  expect(describeTree(places.target)).toEqual(before);
  expect(await readdir(join(work, 'late'))).toEqual(['target']);
});

test('what comes back between putting back and closing is kept', async () => {
  const places = await prepare('between');
  const before = describeTree(places.target);
  await (await beginTreeChange(places)).apply(endless);
  const bringBack = await moveAside(places);
  const found = await findTreeChange(places);
  await found?.putBack();
  await bringBack();
  await found?.close();
  expect(await undo(await findTreeChange(places))).toBeUndefined();
  expect(describeTree(places.target)).toEqual(before);
});

test('a committed change that is not there when it is closed is not put back when it is there', async () => {
  const places = await prepare('committed');
  const change = await beginTreeChange(places);
  await change.apply(endless);
  await change.commit('note');
  const after = describeTree(places.target);
  const bringBack = await moveAside(places);
  await (await findTreeChange(places))?.close();
  await bringBack();
  await undo(await findTreeChange(places));
  expect(describeTree(places.target)).toEqual(after);
  expect(await readdir(join(work, 'committed'))).toEqual(['target']);
});

test('a commit that was tried is taken back before anything is put back', async () => {
  const places = await prepare('taken-back');
  const change = await beginTreeChange(places);
  await change.apply(endless);
  await change.commit('note');
  await change.putBack();
  expect(await findTreeChange(places)).toMatchObject({ isCommitted: false, note: undefined });
});

test('what only lies staged is removed', async () => {
  const places = await prepare('staged');
  const before = describeTree(places.target);
  await undo(await findTreeChange(places));
  expect(describeTree(places.target)).toEqual(before);
  expect(existsSync(places.directory)).toBe(false);
  expect(await findTreeChange(places)).toBeUndefined();
});

test('an undo that cannot be completed puts back what it can, and can be repeated', async () => {
  const places = await prepare('again');
  const before = describeTree(places.target);
  const change = await beginTreeChange(places);
  await change.apply(endless);
  const saved = join(work, 'saved');
  // Something that is not empty is in the way of what was there.
  await cp(join(places.directory, 'old'), saved, { recursive: true, verbatimSymlinks: true });
  await mkdir(join(places.directory, 'new/kept/file'), { recursive: true });
  await rm(join(places.target, 'kept/file'));
  await mkdir(join(places.target, 'kept/file/in-the-way'), { recursive: true });
  await expect(change.putBack()).rejects.toThrow('Cannot put back "kept/file"');
  expect(existsSync(places.journal)).toBe(true);
  await rm(join(places.target, 'kept/file'), { recursive: true });
  await undo(await findTreeChange(places));
  expect(describeTree(places.target).filter((line) => !line.startsWith('kept '))).toEqual(
    before.filter((line) => !line.startsWith('kept ')),
  );
});

testWithImmutable('a directory that nobody may change: all is as it was, and nothing is left', async () => {
  const places = await prepare('fixed');
  const before = describeTree(places.target);
  const restore = makeImmutable(join(places.target, 'kept'));
  try {
    const change = await beginTreeChange(places);
    await expect(change.apply(endless)).rejects.toThrow(/^Cannot replace "kept\/.*": EPERM/);
    await undo(await findTreeChange(places));
    expect(describeTree(places.target)).toEqual(before);
    expect(await readdir(join(work, 'fixed'))).toEqual(['target']);
  } finally {
    restore();
  }
});

test.each([
  ['a link', (path: string, other: string) => symlink(other, path)],
  ['a file', (path: string) => writeFile(path, '')],
])('%s in the place of the directory is no change, and leads nowhere', async (_what, put) => {
  const places = await prepare('place');
  const other = join(work, 'other');
  await write(join(other, 'steps/file'), 'kept');
  await write(join(other, 'old/file'), 'kept');
  const before = describeTree(places.target);
  await rm(places.directory, { recursive: true });
  await put(places.directory, other);
  expect(await findTreeChange(places)).toBeUndefined();

  await writeFile(places.journal, '{"isCommitted":false}');
  expect(await undo(await findTreeChange(places))).toMatch(/^The list of what was replaced is missing: /);
  expect(describeTree(places.target)).toEqual(before);
  expect(await findTreeChange(places)).toBeUndefined();
  expect(existsSync(places.journal)).toBe(false);
  await stageTree(places);
  expect((await readdir(join(work, 'place'))).sort()).toEqual(['scratch', 'target']);
  expect((await readdir(other)).sort()).toEqual(['old', 'steps']);
});

test('refuses a directory that is only passed through where a link is in place', async () => {
  const places = await prepare('implied');
  const before = describeTree(places.target);
  await chmod(join(stagedTree(places), 'link-to-directory'), IMPLIED_DIRECTORY_MODE);
  await expect(beginTreeChange(places)).rejects.toThrow(
    '"link-to-directory" is needed as a directory, but is a file or a link in place',
  );
  expect(existsSync(places.journal)).toBe(false);
  expect(describeTree(places.target)).toEqual(before);
});

testWithMount('refuses what lies in another file system in place, before anything is replaced', async () => {
  const places = await prepare('mount');
  const mounted = join(places.target, 'kept/mounted');
  const unmount = mountTmpfs(mounted, '64k');
  try {
    await mkdir(join(stagedTree(places), 'kept/mounted'), { mode: STATED_DIRECTORY_MODE });
    const before = describeTree(places.target);
    await write(join(stagedTree(places), 'kept/mounted/file'), 'new');
    await expect(beginTreeChange(places)).rejects.toThrow(
      '"kept/mounted/file" lies in another file system, which is mounted in place',
    );
    expect([existsSync(places.journal), describeTree(places.target)]).toEqual([false, before]);
    await rm(places.directory, { recursive: true });
    await mkdir(join(stagedTree(places), 'kept/mounted'), { recursive: true });
    await writeFile(attributesList(places), '');
    await (await beginTreeChange(places)).apply(endless);
  } finally {
    unmount();
  }
});
