import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
