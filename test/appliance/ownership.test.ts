import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onOwnMachine } from '../support/own-machine.js';
import { buildProgram } from '../support/program.js';
import { testWithMount } from '../support/test-with-mount.js';

const LOG = '/opt/jidoteki/tinyadmin/log';
const SHOW = `stat -c %n:%u:%a ${LOG} ${LOG}/jidoteki-audit.log`;
const SHOWN = `${LOG}:0:755\n${LOG}/jidoteki-audit.log:4321:644\n`;

const SECURE = `
import { secureOwnership } from './appliance/ownership.js';
import { appliancePaths } from './config/paths.js';
await secureOwnership(appliancePaths(undefined), (error) => console.log('told', error.message));
`;

describe('the daemon can append to its audit log', () => {
  let work: string;
  beforeEach(async () => (work = await mkdtemp(join(tmpdir(), 'admind-ownership-'))));
  afterEach(() => rm(work, { recursive: true }));

  testWithMount.each(['022', '077'])('where its directory is missing, under umask %s', async (umask) => {
    const program = join(work, 'secure.js');
    await writeFile(join(work, 'package.json'), '{"type":"module"}');
    buildProgram(SECURE, program);
    const secure = `umask ${umask}; '${process.execPath}' '${program}'`;
    expect(await onOwnMachine(`prepare >/dev/null; rm -r ${LOG}; ${secure}; ${SHOW}`)).toBe(SHOWN);
  });

  testWithMount('after an order, where it was missing', async () => {
    const order = `echo '{"run":"license","inputs":{}}' | privileged >/dev/null 2>&1 || :`;
    expect(
      await onOwnMachine(`prepare >/dev/null; rm ${LOG}/jidoteki-audit.log; ${order}; ${SHOW}`),
    ).toContain(SHOWN);
  });
});
