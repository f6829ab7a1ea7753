import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { poll } from '../../support/poll.js';
import type { Output } from './command.js';

/** What the machine needs for it: a shell of root on its second serial line, as soon as it boots. */
export const SHELL_UNIT = `[Unit]
DefaultDependencies=no
After=systemd-remount-fs.service systemd-tmpfiles-setup.service
[Service]
ExecStart=/bin/sh -c 'stty raw -echo; cat | /bin/sh'
StandardInput=tty
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8
[Install]
WantedBy=sysinit.target
`;

/** A shell in a machine that is reached whatever becomes of the network. */
export interface SerialShell {
  /** Resolves once the machine has come so far that a shell runs. */
  waitUntilReady(timeoutMs: number): Promise<void>;
  attempt(lines: string): Promise<Output>;
  close(): void;
}

/** @param path socket of the emulator that is the other end of the line */
export async function openSerialShell(path: string): Promise<SerialShell> {
  const socket = await poll('the emulator listens', () => tryToConnect(path));
  let received = '';
  let called = 0;
  socket.setEncoding('utf8').on('data', (text: string) => (received += text));
  const answer = (what: string, pattern: RegExp, timeoutMs: number, again: () => void = () => undefined) =>
    poll<RegExpExecArray>(
      what,
      () => {
        const found = pattern.exec(received);
        if (!found) again();
        if (socket.destroyed) throw new Error('the emulator has ended');
        return Promise.resolve(found ?? false);
      },
      timeoutMs,
    );
  return {
    waitUntilReady: async (timeoutMs) => {
      let asked = 0;
      // What is written before the shell runs is lost. The answer differs from an echo of the question.
      await answer('a shell runs', /READY 42\n/, timeoutMs, () => {
        if (performance.now() - asked < 1_000) return;
        asked = performance.now();
        socket.write('\necho READY $((6 * 7))\n');
      });
    },
    attempt: async (lines) => {
      called += 1;
      received = '';
      socket.write(`(\n${lines}\n) </dev/null 2>&1; echo "ENDED-${called} $?"\n`);
      const ended = new RegExp(`^([^]*)ENDED-${called} (\\d+)\n`);
      const [, stdout = '', code] = await answer('the machine answers', ended, COMMAND_TIMEOUT_MS);
      return { code: Number(code), stdout: stdout.replaceAll('READY 42\n', ''), stderr: '' };
    },
    close: () => socket.destroy(),
  };
}

const COMMAND_TIMEOUT_MS = 120_000;

async function tryToConnect(path: string): Promise<Socket | false> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    return socket;
  } catch {
    return false;
  }
}
