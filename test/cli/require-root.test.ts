import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createAppliance } from '../support/appliance.js';
import { admind } from './command-line.js';

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;
const other = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

test.each([
  [['certificate', 'renew'], 'certificate renew'],
  [['certificate', 'renew', '--force'], 'certificate renew'],
  [['prepare'], 'prepare'],
  [['provision'], 'provision'],
  [['token', 'reset'], 'token reset'],
  [['console-banner'], 'console-banner'],
  [['prepare', '--undo'], 'prepare'],
])('admind %j says to other users that it has to run as root', async (args, name) => {
  expect(await admind(args, {}, other)).toEqual({
    status: 1,
    stdout: '',
    stderr: `admind: ${name} has to run as root: try sudo admind ${name}\n`,
  });
});

// Only root can become another user, who may not read what is not for everyone.
(isRoot ? test : test.skip)('admind certificate show says who can read the certificate', async () => {
  const appliance = await createAppliance();
  try {
    const { tlsBundle } = appliance.paths;
    await chmod(appliance.root, 0o755);
    await appliance.write(tlsBundle, 'not for everyone');
    await chmod(tlsBundle, 0o640);
    await chmod(dirname(tlsBundle), 0o755);
    expect(await admind(['certificate', 'show', '--root', appliance.root], {}, other)).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining(`cannot read ${tlsBundle}: only root and`) as string,
    });
  } finally {
    await appliance.remove();
  }
});
