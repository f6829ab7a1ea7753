import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTreeChange, stagedTree } from '../../../../src/system/tree-change.js';
import { TreeConflict } from '../../../../src/system/tree-plan.js';
import { only } from '../only.js';

const home = mkdtempSync(join(tmpdir(), 'tree-'));

/** The list of steps of a replacement that was cut off, as its journal, too: it is undone, and nothing of it stays. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const places = {
    target: join(home, 'target'),
    directory: join(home, 'change'),
    journal: join(home, 'journal'),
  };
  rmSync(home, { recursive: true, force: true });
  for (const directory of [
    join(places.target, 'd'),
    join(stagedTree(places), 'd'),
    join(places.directory, 'old'),
  ]) {
    mkdirSync(directory, { recursive: true });
  }
  writeFileSync(join(places.target, 'd/a'), 'new');
  writeFileSync(join(places.directory, 'old/0'), 'old');
  writeFileSync(join(places.directory, 'steps'), bytes);
  writeFileSync(places.journal, bytes);
  const change = await findTreeChange(places);
  assert(change, 'a change that was cut off is found');
  await only([TreeConflict], async () => {
    await change.putBack();
    await change.close();
    assert(!existsSync(places.directory), 'an undo leaves its directory');
  });
  for (const name of readdirSync(home)) assert(/^(target|change(\.kept\.\w+)?|journal)$/.test(name), name);
};
