import { execFileSync } from 'node:child_process';
import { TAR_END, tarMember } from '../../src/package/tar-writer.js';
import { testWith } from '../support/tools.js';

testWith('tar')('tar takes a member whose time is no date for one of 1970', async () => {
  const member = { path: 'f', type: 'File', mode: 0o644, mtime: new Date(NaN), sizeBytes: 0 } as const;
  const blocks: Buffer[] = [];
  for await (const block of tarMember(member, [])) blocks.push(block);
  const input = Buffer.concat([...blocks, TAR_END]);
  const listed = execFileSync('tar', ['-tvf', '-', '--utc'], { input, encoding: 'utf8', stdio: 'pipe' });
  expect(listed).toMatch(/ 1970-01-01 00:00 f\n$/);
});
