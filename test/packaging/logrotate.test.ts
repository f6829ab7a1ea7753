import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { appliancePaths } from '../../src/config/paths.js';
import { jobs } from '../../src/jobs/index.js';
import { run } from '../support/run-program.js';
import { testWith } from '../support/tools.js';

const paths = appliancePaths(undefined);
const jobLogs = Object.values(jobs).map((job) => basename(job.log(paths).file));
const audit = basename(paths.auditLog);
/** Also of the vendor. */
const others = ['app.log', 'java.log', 'jit.log', 'j2.log'];

let work: string;
let log: string;
let config: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'admind-rotate-'));
  log = join(work, 'log');
  await mkdir(log);
  config = readFileSync('systemd/admind.logrotate', 'utf8').replaceAll(paths.log, log);
});
afterEach(() => rm(work, { recursive: true }));

interface Rule {
  readonly patterns: readonly string[];
  readonly words: readonly string[];
}

function rulesOf(text: string): readonly Rule[] {
  const bare = text.replace(/^#.*\n/gm, '');
  return [...bare.matchAll(/([^{}]+)\{([^}]+)\}/g)].map(([, head = '', body = '']) => ({
    patterns: head.trim().split(/\s+/),
    words: body.trim().split(/\s+/),
  }));
}

test('each log is rotated by one rule: what scripts hold open is emptied, the audit log is renamed', async () => {
  const names = [...new Set(jobLogs), basename(paths.tokenLog), basename(paths.provisionLog), ...others];
  for (const name of [audit, ...names]) writeFileSync(join(log, name), '');
  const rotated: string[] = [];
  for (const { patterns, words } of rulesOf(config)) {
    const files = (await run('sh', '-c', `ls -d ${patterns.join(' ')}`)).trim().split('\n');
    for (const file of files) rotated.push(`${basename(file)} ${words.includes('copytruncate')}`);
  }
  expect(rotated.sort()).toEqual([`${audit} false`, ...names.map((name) => `${name} true`)].sort());
});

testWith('logrotate')('what a service goes on printing is in the log after that', async () => {
  for (const name of [audit, 'update.log']) writeFileSync(join(log, name), 'before\n');
  const service = openSync(join(log, 'update.log'), 'a');
  try {
    const file = join(work, 'admind.logrotate');
    writeFileSync(file, config, { mode: 0o644 });
    await run('logrotate', '--force', '--state', join(work, 'state'), file);
    writeSync(service, 'after\n');
  } finally {
    closeSync(service);
  }
  const read = (name: string) => readFileSync(join(log, name), 'utf8');
  expect([read('update.log'), read(audit), read(`${audit}.1`)]).toEqual(['after\n', '', 'before\n']);
  expect(existsSync(join(log, 'update.log.1.gz'))).toBe(true);
});
