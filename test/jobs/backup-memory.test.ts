import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from '../support/program.js';
import { testWith } from '../support/tools.js';

const FILES = 20_000;

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'admind-memory-'));
});
afterEach(() => rm(work, { recursive: true, force: true }));

/** What the two jobs do, in a process whose heap holds a part of all that. */
const PROGRAM = `
import { writeBackup } from './package/backup-archive.js';
import { extractArchive } from './package/restore-archive.js';
import { attributesList, beginTreeChange, stagedTree } from './system/tree-change.js';
import { mkdirSync } from 'node:fs';
const [work] = process.argv.slice(2);
const { signal } = new AbortController();
const nothing = () => Promise.resolve();
const source = { directory: work + '/data', paths: ['app'], excluded: [], signal };
const archive = work + '/backup.tar';
await writeBackup(source, { file: archive, mode: 0o644, limitBytes: 1e9, onProgress: nothing, note: nothing });
const places = { target: work + '/restored', directory: work + '/scratch', journal: work + '/journal.json' };
mkdirSync(stagedTree(places), { recursive: true });
await extractArchive({
  archive, directory: stagedTree(places), attributesList: attributesList(places), target: places.target,
  reservedName: '.admind-restore', entryLimit: 1e6, totalLimitBytes: 1e9, signal,
});
const change = await beginTreeChange(places);
await change.apply(signal);
await change.commit({});
await change.close();
`;

testWith('diff')('20,000 small files are backed up and restored in a heap of 24 MB', () => {
  for (let index = 0; index < FILES; index += 1) {
    const directory = join(work, 'data/app', `a directory with a long name ${index % 20}`);
    if (index < 20) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${'a file with a long name '.repeat(4)}${index}`), String(index));
  }
  // Some are replaced, the others are new.
  for (let index = 0; index < FILES / 10; index += 1) {
    const directory = join(work, 'restored/app', `a directory with a long name ${index % 20}`);
    if (index < 20) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${'a file with a long name '.repeat(4)}${index}`), 'old');
  }
  const program = join(work, 'program.mjs');
  buildProgram(PROGRAM, program);
  execFileSync(process.execPath, ['--max-old-space-size=24', program, work], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('diff', ['-r', join(work, 'restored'), join(work, 'data')]);
});
