import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { messageOf } from '../core/errors.js';
import { requireDescriptors } from './descriptors.js';
import { openMessageChannel, type MessageChannel } from './message-channel.js';

/** Another process that works for this one and outlives it. */
export interface Peer extends MessageChannel {
  /** Undefined where another process has started it. */
  readonly pid: number | undefined;
  /** Resolves with the reason when it can be heard no more. */
  readonly ended: Promise<string>;
  /** Ends the connection to it, and it too if it is a child that this process may end. */
  abandon(): void;
  /** Lets this process end while the other one works on. */
  unref(): void;
}

/** The pipes to a child are sockets, which its types do not say. */
interface Unreferable {
  unref(): void;
}

/** The other side is trusted; the bound is for one that is broken. */
const LINE_LIMIT_BYTES = 1024 * 1024;

/**
 * Starts a program in a session of its own and speaks with it over its standard input and output.
 *
 * @param log where its standard error goes: to the standard output of this process, which is its log, or nowhere
 * @throws the system error when it cannot be started
 */
export function spawnPeer(
  [program, ...args]: readonly [string, ...string[]],
  log: 'inherit' | 'ignore',
): Peer {
  requireDescriptors();
  const child: ChildProcess = spawn(program, args, {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'pipe', log === 'inherit' ? 1 : 'ignore'],
  });
  child.on('error', () => undefined);
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error(`${program} could not be started`);
  const ended = once(child, 'exit').then(
    ([code, signal]) => `it ended (${String(code ?? signal)})`,
    messageOf,
  );
  return {
    ...openMessageChannel({ input: stdout, output: stdin, lineLimitBytes: LINE_LIMIT_BYTES }),
    pid: child.pid,
    ended,
    abandon() {
      child.kill('SIGKILL');
      // One that sudo has started may not be killed: it sees that nobody listens any more.
      for (const pipe of [stdin, stdout]) pipe.destroy();
    },
    unref() {
      child.unref();
      for (const pipe of [stdin, stdout] as unknown as readonly Unreferable[]) pipe.unref();
    },
  };
}

/** Speaks with a program that listens on a local socket, or that is started for this connection. */
export function connectPeer(path: string): Peer {
  const socket = connect(path);
  socket.on('error', () => undefined);
  const ended = once(socket, 'close').then(() => 'it hung up', messageOf);
  return {
    ...openMessageChannel({ input: socket, output: socket, lineLimitBytes: LINE_LIMIT_BYTES }),
    pid: undefined,
    ended,
    abandon: () => void socket.destroy(),
    unref: () => void socket.unref(),
  };
}
