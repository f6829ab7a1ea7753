import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-token-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** In a process of its own, in which nothing can be removed. */
const PROGRAM = `
  import promises from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  promises.rm = promises.unlink = () => Promise.reject(Object.assign(new Error('EIO: i/o error, unlink'), { code: 'EIO' }));
  syncBuiltinESMExports();
  const [module, apiToken, apiTokenSetup] = process.argv.slice(1);
  const { createApiToken } = await import(module);
  console.log(await createApiToken({ apiToken, apiTokenSetup }, 'new'), await createApiToken({ apiToken, apiTokenSetup }, 'other'));
`;

test('a first token is set, and said to be, although what was staged for it cannot be removed', async () => {
  const [apiToken, apiTokenSetup] = [join(directory, 'api.token'), join(directory, 'api.token.setup')];
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    PROGRAM,
    resolve('dist/appliance/api-token.js'),
    apiToken,
    apiTokenSetup,
  ]);
  expect([stdout, await readFile(apiToken, 'utf8')]).toEqual(['true false\n', 'new\n']);
});
