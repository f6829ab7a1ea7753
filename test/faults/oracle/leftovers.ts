import { existsSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { lockOf } from '../../../src/jobs/acquire.js';
import type { Paths } from '../../../src/config/paths.js';
import { ignoreMissing } from '../../../src/core/errors.js';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import type { Job } from '../../../src/jobs/job.js';
import { isLocked } from '../../../src/system/lock.js';
import type { TestAppliance } from '../../support/appliance.js';

/** What rows, their subjects and the scripts of these make themselves, below the root of an appliance. */
const NOT_THE_PRODUCTS = /^(package-|vendor-|work)|\/\.version$/;
/** Of this boot and younger than a minute it could belong to a writer that lives, and stays until then. */
const STAGED = /(^|\/)\.[^/]*\.new$/;
const LONG_AGO_S = 120;
/** What a holder of a lock that was killed leaves beside it; the next one removes it. */
const HEARTBEAT = '/heartbeat/';
const CLAIM = /\d+\.claim$/;
/** A holder that was killed before it had removed the claim below its own leaves two; meanwhile the next one has a third. */
const MOST_CLAIMS = 3;

/** The names of all files of the appliance and, with a slash behind, of its directories, sorted; claims have no numbers, as these grow. */
export async function listFiles({ root }: Pick<TestAppliance, 'root'>): Promise<string[]> {
  const entries = await readTree(root);
  return entries
    .map((entry) => join(entry.parentPath, entry.name, entry.isDirectory() ? '/' : '').slice(root.length + 1))
    .filter((name) => !NOT_THE_PRODUCTS.test(name) && !name.endsWith(HEARTBEAT))
    .map((name) => name.replace(CLAIM, 'N.claim'))
    .sort();
}

/** A directory that vanishes meanwhile, as that of a heartbeat does, ends a walk. */
async function readTree(root: string): Promise<Dirent[]> {
  for (;;) {
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(ignoreMissing);
    if (entries || !existsSync(root)) return entries ?? [];
  }
}

/** Files that may stay: all that are there now, but for what jobs stage and have to remove, each of them every time. */
export async function knownFiles({ root, paths }: TestAppliance): Promise<string[]> {
  const staged = Object.values(jobs).flatMap((job: Job) =>
    job.staged(paths).map((path) => path.slice(root.length + 1)),
  );
  const isStaged = (name: string) => staged.some((path) => name === path || name.startsWith(`${path}/`));
  return (await listFiles({ root })).filter((name) => !isStaged(name));
}

/** Files that were not there before, but for records, and for what a killed writer may leave for a minute. */
export async function newFiles(appliance: TestAppliance, known: readonly string[]): Promise<string[]> {
  const records = recordsOf(appliance.paths).map((file) => file.slice(appliance.root.length + 1));
  const names = new Set([...known, ...records]);
  const now = await listFiles(appliance);
  return [...now.filter((name) => !names.has(name) && !STAGED.test(name)), ...heapsOfClaims(now)];
}

function heapsOfClaims(names: readonly string[]): string[] {
  const claims = names.filter((name) => name.endsWith('/N.claim'));
  return [...new Set(claims)].flatMap((claim) => {
    const count = claims.filter((name) => name === claim).length;
    return count > MOST_CLAIMS ? [`${claim}, ${count} times`] : [];
  });
}

function recordsOf(paths: Paths): string[] {
  const records = Object.values(jobs).flatMap((job: Job) => {
    const { text, json, errorMessage, errorCode } = job.status(paths);
    // A lock is made when it is first taken, also by jobs that the daemon starts by itself.
    const lock = lockOf(job.name, paths);
    const files = [text, json, errorMessage, errorCode, job.log(paths).file, `${lock}/`, `${lock}/N.claim`];
    return files.filter((file) => file !== undefined);
  });
  // The daemon writes it when it has started, whenever that is.
  return [...records, paths.health];
}

/** Makes what killed writers have left two minutes old, so that the next start of the daemon has to remove it. */
export async function ageStagedFiles({ root }: Pick<TestAppliance, 'root'>): Promise<void> {
  const then = Date.now() / 1000 - LONG_AGO_S;
  for (const name of (await listFiles({ root })).filter((file) => STAGED.test(file))) {
    // A daemon that runs may be writing it now.
    await utimes(join(root, name), then, then).catch(ignoreMissing);
  }
}

export async function stagedFiles(appliance: Pick<TestAppliance, 'root'>): Promise<string[]> {
  return (await listFiles(appliance)).filter((name) => STAGED.test(name));
}

/** Jobs whose lock is held, and the lock of starting one. */
export async function heldLocks({ paths }: TestAppliance): Promise<string[]> {
  const held: string[] = [];
  for (const name of Object.keys(jobs) as JobName[]) if (await isLocked(lockOf(name, paths))) held.push(name);
  if (await isLocked(join(paths.locks, 'start'))) held.push('start');
  return held;
}

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes that work on the appliance, without those known. */
export async function processesOf(
  { root }: Pick<TestAppliance, 'root'>,
  known: readonly (number | undefined)[],
): Promise<FoundProcess[]> {
  const found: FoundProcess[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (known.includes(Number(pid)) || Number(pid) === process.pid) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    // A zombie has no command line: it is whoever started it who has not asked how it ended.
    if (command === '') continue;
    const places = [command, environmentOf(pid), linkOf(`/proc/${pid}/cwd`)];
    if (!places.some((text) => text.includes(root))) continue;
    found.push({ pid: Number(pid), command: command.replaceAll('\0', ' ').trim() });
  }
  return found;
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
