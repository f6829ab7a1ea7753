// A process that contends for locks. Each input line is a command, answered by one output line:
// `take DIRECTORY` says `won` or `lost`; `release` says `released`.
import { createInterface } from 'node:readline';
import { acquireLock, type Lock } from '../../src/system/lock.js';

let lock: Lock | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [command, directory = ''] = line.split(' ');
  if (command === 'take') lock = await acquireLock(directory);
  else await lock?.release();
  process.stdout.write(command === 'take' ? `${lock ? 'won' : 'lost'}\n` : 'released\n');
}
