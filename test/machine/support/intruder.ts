import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Output } from './command.js';
import type { Machine } from './machine.js';

/** Whoever has taken the daemon over: its user, in its view of the file system, without a way to new privileges. */
export interface Intruder {
  attempt(lines: string): Promise<Output>;
  /**
   * Connects to the privileged side, once for each text, all at the same time, and sends it as it is.
   *
   * @returns all that came back on each connection, until it was closed
   */
  send(...texts: readonly string[]): Promise<readonly string[]>;
}

/** The same user as a member of the group `admin`, outside of the daemon's sandbox. */
export function intrudeOutside(machine: Machine): Pick<Intruder, 'attempt'> {
  const become = 'setpriv --reuid admind --regid admind --groups admin --no-new-privs --inh-caps=-all';
  return {
    attempt: (lines) =>
      machine.attempt(`${become} --bounding-set=-all -- /bin/sh -uc ${quote(`cd /\n${lines}`)}`),
  };
}

const SOCKET = '/run/admind/job.socket';
const SCRIPT = '/usr/local/lib/send-orders.mjs';

const SEND_ORDERS = `
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
const answers = JSON.parse(await text(process.stdin)).map((order) => new Promise((resolve) => {
  let received = '';
  const socket = connect(${JSON.stringify(SOCKET)}, () => socket.write(order));
  socket.on('data', (chunk) => (received += chunk));
  socket.on('error', (error) => (received += error.code));
  socket.on('close', () => resolve(received));
}));
process.stdout.write(JSON.stringify(await Promise.all(answers)));
`;

export async function intrude(machine: Machine, user = 'admind'): Promise<Intruder> {
  await writeFile(join(machine.root, SCRIPT), SEND_ORDERS);
  const rights = `--reuid ${user} --regid ${user === 'nobody' ? 'nogroup' : user} --init-groups --no-new-privs`;
  const enter = 'nsenter --target $(systemctl show --value --property MainPID admind) --mount --';
  const become = `${enter} setpriv ${rights} --inh-caps=-all --bounding-set=-all --`;
  return {
    attempt: (lines) => machine.attempt(`${become} /bin/sh -uc ${quote(`cd /\n${lines}`)}`),
    send: async (...texts) => {
      const input = JSON.stringify(texts);
      const answers = await machine.run(`${become} /usr/lib/admind/bin/node ${SCRIPT}`, { input });
      return JSON.parse(answers) as readonly string[];
    },
  };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
