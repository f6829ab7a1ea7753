import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  createApiToken,
  createFirstRunToken,
  readPassphrase,
  removeVoidPassphrases,
} from '../../src/appliance/api-token.js';
import { buildProgram } from '../support/program.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-token-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** In a process of its own, in which nothing can be removed. */
const PROGRAM = `
  import promises from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  import { createApiToken } from './appliance/api-token.js';
  promises.rm = promises.unlink = () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  syncBuiltinESMExports();
  const [apiToken, apiTokenSetup] = process.argv.slice(2);
  for (const token of ['new', 'other']) console.log(await createApiToken({ apiToken, apiTokenSetup }, token));
`;

test('a first token is set, and said to be, although what was staged for it cannot be removed', async () => {
  const [program, apiToken] = [join(directory, 'program.mjs'), join(directory, 'api.token')];
  buildProgram(PROGRAM, program);
  const { stdout } = await promisify(execFile)(process.execPath, [program, apiToken, `${apiToken}.setup`]);
  expect([stdout, await readFile(apiToken, 'utf8')]).toEqual(['true\nfalse\n', 'new\n']);
});

describe('which passphrase waits for a set-up', () => {
  test.each([
    ['none where both files are missing', undefined, undefined, undefined],
    ['none where the file for it is empty', 'token', '', undefined],
    ['none where its first line is empty', 'token', '\ntoken\n', undefined],
    ['the one that is the token', 'words\n', 'words\n', 'words'],
    ['the one that is not the token yet', undefined, 'words\n', 'words'],
    ['the one beside an empty token', '', 'words\n', 'words'],
    ['none where another token is set', 'mine\n', 'words\n', undefined],
    ['the one before, until a newer one is the token', 'old\n', 'new\nold\n', 'old'],
    ['the newer one once it is the token', 'new\n', 'new\nold\n', 'new'],
  ])('%s', async (_what, token, setup, expected) => {
    const files = {
      apiToken: join(directory, 'api.token'),
      apiTokenSetup: join(directory, 'api.token.setup'),
    };
    if (token !== undefined) await writeFile(files.apiToken, token);
    if (setup !== undefined) await writeFile(files.apiTokenSetup, setup);
    expect(readPassphrase(files)).toBe(expected);
  });
});

test('a first run that comes after a token does not wait, and what it has left is removed', async () => {
  const files = {
    apiToken: join(directory, 'api.token'),
    apiTokenSetup: join(directory, 'api.token.setup'),
    locks: directory,
  };
  expect(await createApiToken(files, 'mine')).toBe(true);
  expect(await createFirstRunToken(files, 'words')).toBe(false);
  await writeFile(files.apiTokenSetup, 'words\n');
  expect(readPassphrase(files)).toBeUndefined();
  await removeVoidPassphrases(files);
  expect(await readFile(files.apiTokenSetup, 'utf8')).toBe('');
});
