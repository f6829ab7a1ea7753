import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from '../support/program.js';

test('the group of a script that was never started is nobody, least of all the caller itself', () => {
  const directory = mkdtempSync(join(tmpdir(), 'admind-test-'));
  try {
    const program = join(directory, 'program.mjs');
    const leader = '{ pid: 0, startTicks: undefined }';
    buildProgram(
      `import { isGroupAlive, killGroup, stopGroup } from './system/processes.js';
      console.log(isGroupAlive(${leader}), await killGroup(${leader}));
      await stopGroup(${leader});
      console.log('goes on');`,
      program,
    );
    // In a group of its own, lest a failure takes the tests with it.
    const { stdout } = spawnSync('setsid', [process.execPath, program], { encoding: 'utf8' });
    expect(stdout).toBe('false true\ngoes on\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
