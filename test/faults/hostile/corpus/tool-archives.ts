import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  linkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasTool } from '../../../support/tools.js';
import type { Row } from '../../row.js';
import type { ArchiveTrials, Verdict } from '../archive-trials.js';

interface ToolCase {
  readonly name: string;
  readonly args: readonly string[];
  readonly restored: Verdict;
  readonly unpacked: Verdict;
}

const ALL = ['-C', '.', '.'];

/** What `tar` makes of the same tree with its options. */
const CASES: readonly ToolCase[] = [
  { name: 'plain', args: ['good'], restored: 'taken', unpacked: 'taken' },
  { name: 'pax', args: ['--format=pax', 'good'], restored: 'taken', unpacked: 'taken' },
  { name: 'an absolute path', args: ['-P', '/etc/hostname'], restored: 'refused', unpacked: 'refused' },
  {
    name: 'a path that leads out',
    args: ['-P', '--transform=s,^,../,', 'good'],
    restored: 'refused',
    unpacked: 'refused',
  },
  {
    name: 'a device',
    args: ['-P', '--transform=s,^/,,', '/dev/null'],
    restored: 'refused',
    unpacked: 'refused',
  },
  { name: 'a pipe', args: ['pipe'], restored: 'refused', unpacked: 'refused' },
  { name: 'a link out', args: ['out'], restored: 'refused', unpacked: 'refused' },
  { name: 'a hard link', args: ['good', 'hard'], restored: 'taken', unpacked: 'refused' },
  {
    name: 'a hard link out',
    args: ['-P', '--transform=flags=h;s,good,../good,', 'good', 'hard'],
    restored: 'refused',
    unpacked: 'refused',
  },
  { name: 'a sparse file', args: ['-S', 'sparse'], restored: 'refused', unpacked: 'refused' },
  {
    name: 'a sparse file, pax',
    args: ['-S', '--format=pax', 'sparse'],
    restored: 'refused',
    unpacked: 'refused',
  },
  { name: 'a volume label', args: ['-V', 'label', 'good'], restored: 'refused', unpacked: 'refused' },
  { name: 'everything', args: ALL, restored: 'refused', unpacked: 'refused' },
];

/** Archives by real tar and gzip, with what has to become of each. */
export function* madeByTools(trials: ArchiveTrials): Generator<Row> {
  if (!['tar', 'gzip', 'mkfifo'].every(hasTool)) return;
  const work = mkdtempSync(join(tmpdir(), 'admind-hostile-tools-'));
  try {
    const at = (name: string) => join(work, name);
    writeFileSync(at('good'), 'good');
    linkSync(at('good'), at('hard'));
    symlinkSync('/etc/passwd', at('out'));
    writeFileSync(at('sparse'), 'x');
    truncateSync(at('sparse'), 10_000_000);
    execFileSync('mkfifo', [at('pipe')]);
    const tar = (args: readonly string[]) =>
      execFileSync('tar', ['-cf', '-', '-C', work, ...args], {
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 2 ** 28,
      });
    for (const { name, args, restored, unpacked } of CASES) {
      yield {
        name: `made by tar: ${name}`,
        async run() {
          const archive = tar(args);
          const zipped = execFileSync('gzip', { input: archive, maxBuffer: 2 ** 28 });
          assert.deepEqual(
            { restored: await trials.restore(archive), unpacked: await trials.contents(zipped) },
            { restored, unpacked },
          );
          assert.equal(readFileSync(at('good'), 'utf8'), 'good');
        },
      };
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
