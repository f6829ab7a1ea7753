import { hasTool } from '../../support/tools.js';
import { inject, type SystemCallFault } from '../daemon/injection.js';
import { requireAnswers, startServing, type Serving } from '../daemon/serving.js';
import { startUnderFault } from '../daemon/starting.js';
import type { Extent, Group, Row } from '../row.js';

type Faults = readonly (readonly [SystemCallFault['thread'], call: string, ...errnos: string[]])[];

/** What can fail while requests are answered, by which thread; what the main thread reads wakes it up, and cannot fail. */
const WHILE_SERVING: Faults = [
  ['pool', 'openat', 'ENOSPC', 'EMFILE', 'EIO', 'EROFS', 'ENOMEM'],
  ['pool', 'read', 'EIO'],
  ['pool', 'pread64', 'EIO'],
  ['pool', 'write', 'ENOSPC', 'EIO'],
  ['pool', 'pwrite64', 'ENOSPC', 'EIO'],
  ['pool', 'fsync', 'EIO', 'ENOSPC'],
  ['pool', 'rename', 'EIO', 'ENOSPC'],
  ['pool', 'unlink', 'EIO', 'EROFS'],
  ['pool', 'rmdir', 'EIO'],
  ['pool', 'mkdir', 'ENOSPC', 'EROFS'],
  ['pool', 'link', 'ENOSPC', 'EIO'],
  ['pool', 'ftruncate', 'EIO'],
  ['pool', 'fchmod', 'EIO', 'EROFS'],
  ['pool', 'statx', 'EIO', 'ENOMEM'],
  ['pool', 'getdents64', 'EIO'],
  ['pool', 'close', 'EIO'],
  ['main', 'accept4', 'EMFILE', 'ENFILE', 'ENOMEM'],
  ['main', 'write', 'EIO', 'EPIPE'],
  ['main', 'openat', 'EMFILE', 'EIO', 'ENOMEM'],
  ['main', 'socketpair', 'EMFILE', 'ENOMEM'],
  ['main', 'pipe2', 'EMFILE', 'ENFILE'],
  ['main', 'clone', 'EAGAIN', 'ENOMEM'],
];

/** And while the daemon starts. */
const AT_START: Faults = [
  ['main', 'openat', 'EMFILE', 'EIO', 'ENOMEM'],
  ['main', 'socket', 'EMFILE', 'ENOMEM'],
  ['main', 'bind', 'ENOMEM'],
  ['main', 'listen', 'ENOMEM'],
  ['pool', 'openat', 'ENOSPC', 'EMFILE', 'EIO', 'EROFS', 'ENOMEM'],
  ['pool', 'read', 'EIO'],
  ['pool', 'write', 'ENOSPC', 'EIO'],
  ['pool', 'fsync', 'EIO'],
  ['pool', 'rename', 'EIO', 'ENOSPC'],
  ['pool', 'unlink', 'EIO'],
  ['pool', 'mkdir', 'ENOSPC', 'EROFS'],
  ['pool', 'statx', 'EIO', 'ENOMEM'],
  ['pool', 'getdents64', 'EIO'],
  ['pool', 'close', 'EIO'],
];

/** The short version: one call of each kind. */
const SHORT: readonly SystemCallFault[] = [
  { thread: 'main', call: 'accept4', errno: 'ENFILE', nth: 2 },
  { thread: 'main', call: 'clone', errno: 'EAGAIN', nth: 1 },
  { thread: 'pool', call: 'openat', errno: 'EMFILE', nth: 3 },
  { thread: 'pool', call: 'fsync', errno: 'EIO', nth: 1 },
  { thread: 'pool', call: 'mkdir', errno: 'ENOSPC', nth: 1 },
  { thread: 'pool', call: 'rmdir', errno: 'EIO', nth: 1 },
];
const SHORT_AT_START: readonly SystemCallFault[] = [
  { thread: 'main', call: 'socket', errno: 'EMFILE', nth: 1 },
  { thread: 'pool', call: 'openat', errno: 'EIO', nth: 2 },
];

/**
 * What is not closed then is not the product's to close: a descriptor whose `close` did nothing, and two of Node's own
 * where its `spawn` cannot make its last pipe. Free descriptors are asked for before, so that it does not come to that.
 */
const KEEPS_OPEN: readonly string[] = ['close', 'pipe2'];

/** Of one kind, calls fail in turn, with its faults in turn, until the daemon makes no more of them, or up to this many. */
const MOST = 40;
/** After a fault and a recovery that each take a while. */
const LIMIT_MS = 240_000;

export const daemonSyscalls: Group = {
  name: 'daemon-syscalls',
  about:
    'the n-th system call of the daemon fails, at its start and while it answers: it says so, lives, and recovers',
  lacks: () => {
    if (!hasTool('strace')) return 'strace is not installed';
    return process.geteuid?.() === 0 ? undefined : 'only root may inject faults into a process';
  },
  async *rows(extent) {
    yield* whileServing(extent);
    yield* rowsOf('starting', extent, { short: SHORT_AT_START, full: AT_START }, startUnderFault);
  },
};

async function* whileServing(extent: Extent): AsyncGenerator<Row> {
  let serving: Serving | undefined;
  const renew = async () => {
    await serving?.stop();
    serving = undefined;
  };
  const attempt: Attempt = async (fault) => {
    serving ??= await startServing({ prefix: ['env', 'UV_THREADPOOL_SIZE=1'] });
    try {
      const injection = await inject(serving.pid, fault);
      const answers = requireAnswers(serving);
      await answers.catch(() => undefined);
      const end = await injection.end();
      if (end === 'impossible') {
        await renew();
        return await attempt({ ...fault, nth: fault.nth + 1 });
      }
      await answers;
      const { call } = fault;
      const keepStaged = call === 'unlink' || call === 'openat';
      const keepOpen = KEEPS_OPEN.includes(call);
      await serving.requireWell({ keepStaged, keepOpen });
      // What was not closed, or not removed, would count in the next row.
      if (keepOpen || keepStaged) await renew();
      return end === 'hit' ? fault.nth : undefined;
    } catch (error) {
      await renew();
      throw error;
    }
  };
  try {
    yield* rowsOf('serving', extent, { short: SHORT, full: WHILE_SERVING }, attempt);
  } finally {
    await renew();
  }
}

/** @returns the number of the call that has failed: a later one where the n-th cannot fail; undefined where there was none */
type Attempt = (fault: SystemCallFault) => Promise<number | undefined>;

function* rowsOf(
  phase: string,
  { isShort, random }: Extent,
  { short, full }: { readonly short: readonly SystemCallFault[]; readonly full: Faults },
  attempt: Attempt,
): Generator<Row> {
  /** Where the next row begins: nowhere when this one found no call. */
  let next: number | undefined;
  const nextOne = () => next;
  const rowOf = (fault: SystemCallFault): Row => ({
    name: `${phase}: ${fault.thread} thread, ${fault.call} number ${fault.nth} fails with ${fault.errno}`,
    limitMs: LIMIT_MS,
    async run() {
      const failed = await attempt(fault);
      next = failed === undefined ? undefined : failed + 1;
      return failed === undefined ? 'missed' : undefined;
    },
  });
  if (isShort) {
    for (const fault of short) yield rowOf(fault);
    return;
  }
  for (const [thread, call, ...errnos] of full) {
    const first = random.fork(`${phase} ${thread} ${call}`).below(errnos.length);
    for (let nth: number | undefined = 1; nth !== undefined && nth <= MOST; nth = nextOne()) {
      const errno = errnos[(first + nth) % errnos.length] ?? '';
      next = nth + 1;
      yield rowOf({ thread, call, errno, nth });
    }
  }
}
