import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createAppliance, type TestAppliance } from '../support/appliance.js';

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
});
afterEach(() => appliance.remove());

const token = () => appliance.read(appliance.paths.apiToken);

test('an output that takes nothing keeps nothing from being applied', async () => {
  const directory = appliance.paths.provisionDirectory;
  await appliance.write(join(directory, '10-token.txt'), 'one');
  await appliance.write(join(directory, '20-token.txt'), 'two');
  const { status, stderr } = await toFullOutput('provision');
  expect([status, stderr]).toEqual([1, 'admind: standard output: ENOSPC: no space left on device, write\n']);
  expect(await token()).toBe('two\n');
  expect(await readdir(directory)).toEqual([]);
});

test('a reset whose passphrase cannot be printed says where it is', async () => {
  const { status, stderr } = await toFullOutput('token', 'reset');
  expect(status).toBe(1);
  expect(stderr).toContain(`the passphrase is in ${appliance.paths.apiTokenSetup}\n`);
  const passphrase = await appliance.read(appliance.paths.apiTokenSetup);
  expect(stderr).not.toContain(passphrase.trim());
  expect(await token()).toBe(passphrase);
});

/** Runs a command whose output is a full disk. */
async function toFullOutput(...args: readonly string[]) {
  const command = 'exec "$@" >/dev/full';
  const program = [process.execPath, resolve('dist/cli.js'), ...args, '--root', appliance.root];
  const child = spawn('/bin/sh', ['-c', command, 'sh', ...program], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stderr };
}
