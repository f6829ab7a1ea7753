import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDoneWithin } from '../../../src/core/clock.js';
import { createAppliance, TOKEN } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';
import { inject, type InjectionEnd, type SystemCallFault } from './injection.js';

const NODE_READS_A_MODULE = /node:internal\/modules\/esm\/(load|resolve):/;
const START_LIMIT_MS = 60_000;

/**
 * Starts a daemon under a fault: it serves, and stops when it is told to, or it ends with status 1 and one line.
 *
 * @returns the number of the call that has failed: a later one where the n-th cannot fail; undefined where there was none
 */
export async function startUnderFault(fault: SystemCallFault): Promise<number | undefined> {
  const end = await startOnce(fault);
  if (end === 'impossible') return startUnderFault({ ...fault, nth: fault.nth + 1 });
  return end === 'hit' ? fault.nth : undefined;
}

async function startOnce(fault: SystemCallFault): Promise<InjectionEnd> {
  const appliance = await createAppliance({ logLevel: 'info' });
  await appliance.write(appliance.paths.apiToken, TOKEN);
  const daemon = [process.execPath, resolve('dist/cli.js'), 'serve', '--root', appliance.root, '--port', '0'];
  const child = spawn(process.execPath, [resolve('test/faults/daemon/hold.mjs'), ...daemon], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '1' },
  });
  const pid = child.pid ?? 0;
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const closed = once(child, 'close');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  try {
    await poll('it holds', () => Promise.resolve(hasEnded() || stateOf(pid) === 'T'));
    const injection = await inject(pid, fault);
    process.kill(pid, 'SIGCONT');
    const isUp = () => output.includes('"msg":"listening"');
    await poll('it serves or ends', () => Promise.resolve(isUp() || hasEnded()), START_LIMIT_MS);
    const end = await injection.end();
    if (!hasEnded()) child.kill('SIGTERM');
    assert.ok(await isDoneWithin(closed, START_LIMIT_MS), 'it does not end');
    if (end === 'impossible') return end;
    assert.ok(!`${output}${errors}`.includes(TOKEN), 'the token is told');
    // What keeps Node from reading the last module is told by Node.
    if (NODE_READS_A_MODULE.test(errors)) return end;
    if (!isUp() || child.exitCode !== 0) {
      assert.equal(
        child.exitCode,
        1,
        `it ended with ${child.exitCode ?? child.signalCode}: ${errors}${output}`,
      );
      assert.match(errors, /^admind: [^\n]+\n$/, `it does not say why in one line: ${errors}`);
    }
    return end;
  } finally {
    child.kill('SIGKILL');
    await closed;
    await appliance.remove();
  }
}

function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  } catch {
    return undefined;
  }
}
