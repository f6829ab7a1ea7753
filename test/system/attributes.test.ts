import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyAttributes,
  applyDirectoryAttributes,
  applyLinkAttributes,
} from '../../src/system/attributes.js';

let work: string;
beforeEach(() => (work = mkdtempSync(join(tmpdir(), 'admind-attributes-'))));
afterEach(() => rmSync(work, { recursive: true }));

test.each([
  ['before 1970', -1500.25],
  ['long before', -946_080_000_000],
  ['at its start', 0],
  ['with parts of a millisecond', 1_700_000_000_123.456],
])('a time %s is kept by files, directories and links', (_case, mtimeMs) => {
  const [file = '', directory = '', link = ''] = ['file', 'directory', 'link'].map((name) =>
    join(work, name),
  );
  writeFileSync(file, '');
  mkdirSync(directory);
  symlinkSync('file', link);
  const attributes = { mode: 0o755, uid: undefined, gid: undefined, mtimeMs };
  const opened = openSync(file, 'r');
  applyAttributes(opened, attributes);
  closeSync(opened);
  applyDirectoryAttributes(directory, attributes);
  applyLinkAttributes(link, attributes);
  expect([file, directory, link].map((path) => lstatSync(path).mtimeMs)).toEqual([mtimeMs, mtimeMs, mtimeMs]);
});
