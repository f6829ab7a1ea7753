import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createSelfSignedCertificate } from '../../src/system/certificate.js';
import { createAppliance } from '../support/appliance.js';
import { writeScript } from '../support/script-file.js';
import { admind } from './command-line.js';

/** The `write_files` of the example: path, permission bits in octal, content. */
async function exampleFiles(): Promise<readonly (readonly [string, string, string])[]> {
  const text = await readFile(resolve('scripts/cloud-init/user-data.yml'), 'utf8');
  const entry = / {2}- path: (\S+)\n {4}permissions: '(\d+)'\n {4}content: \|\n((?: {6}.*\n)+)/g;
  const files = [...text.matchAll(entry)].map(
    ([, path = '', mode = '', content = '']) => [path, mode, content.replace(/^ {6}/gm, '')] as const,
  );
  expect(files).toHaveLength(text.match(/- path: /g)?.length ?? 0);
  return files;
}

test('what the example for cloud-init writes is for root alone, and provisioning takes it', async () => {
  const appliance = await createAppliance();
  try {
    const { root, paths } = appliance;
    await writeScript(join(paths.bin, 'network.sh'), '');
    const pair = await createSelfSignedCertificate();
    for (const [path, mode, content] of await exampleFiles()) {
      expect(mode).toBe('0600');
      const file = join(root, path);
      await mkdir(dirname(file), { recursive: true });
      const own = { 'public.pem': pair.certificate, 'private.pem': pair.key }[file.split('/').at(-1) ?? ''];
      await writeFile(file, own ?? content, { mode: 0o600 });
    }
    expect(await admind(['provision', '--root', root])).toEqual({
      status: 0,
      stderr: '',
      stdout: ['10-token.txt', '20-settings.json', '50-certs']
        .map((name) => `${name} was applied\n`)
        .join(''),
    });
    expect(await appliance.read(paths.apiToken)).toBe('replace-this-token\n');
  } finally {
    await appliance.remove();
  }
});
