import { execFileSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createLogger } from '../../src/core/logger.js';
import { openJobRecords } from '../../src/jobs/job-records.js';
import { licenseJob } from '../../src/jobs/license.js';
import { readLogEnd, writeLogEnd } from '../../src/jobs/log-end.js';
import { createAppliance } from '../support/appliance.js';
import { makeImmutable } from '../support/immutable.js';
import { ownParts } from '../support/own-parts.js';
import { testWithImmutable } from '../support/test-with-immutable.js';

let work: string;
beforeEach(async () => (work = await mkdtemp(join(tmpdir(), 'admind-log-end-'))));
afterEach(() => rm(work, { recursive: true }));

const DAMAGES: Readonly<Record<string, (file: string) => unknown>> = {
  'half a record': (file) => writeFile(file, '0000'),
  'two records': (file) => writeFile(file, '0000000000000007\n0000000000000009\n'),
  'a directory with something in it': (file) => mkdir(join(file, 'below'), { recursive: true }),
  'a pipe': (file) => execFileSync('mkfifo', [file]),
  'a link to another file': (file) => symlink('other', file),
};

test.each(Object.entries(DAMAGES))('%s in its place: it is recorded nevertheless', async (_what, damage) => {
  const file = join(work, 'a.log');
  await writeFile(join(work, 'other'), 'kept');
  await damage(file);
  expect(await readLogEnd(file)).toBe(undefined);
  await writeLogEnd(file, 123);
  expect(await readLogEnd(file)).toBe(123);
  expect((await readdir(work)).sort()).toEqual(['a.log', 'other']);
  expect(await readLogEnd(join(work, 'other'))).toBe(undefined);
});

testWithImmutable('what cannot be put right is told once, however many lines are written', async () => {
  const { paths, read, write, remove } = await createAppliance();
  const record = join(paths.logEnds, basename(paths.licenseLog));
  await write(record, 'damaged');
  const restore = makeImmutable(record);
  try {
    const output = join(work, 'output');
    const logger = createLogger('error', openSync(output, 'a'));
    const { log } = openJobRecords({ ...ownParts(paths), job: licenseJob, logger });
    for (const line of ['one', 'two', 'three']) await log.plain(line);
    expect(await read(paths.licenseLog)).toBe('one\ntwo\nthree\n');
    expect((await read(output)).match(/where a log ends could not be recorded/g)).toHaveLength(1);
  } finally {
    restore();
    await remove();
  }
});
