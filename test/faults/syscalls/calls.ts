/** Who makes calls: the first thread of a runner, its others, which work on files, or one of its scripts. */
export type Caller = 'main' | 'pool' | 'script';

/** A system call of a trace. */
export interface Call {
  readonly caller: Caller;
  readonly name: string;
  /** Of the calls of this name by its thread: 1, 2, … */
  readonly nth: number;
  /** With the paths of its file descriptors. */
  readonly text: string;
  readonly isInjected: boolean;
}

/** What may go wrong with the calls that a job's success hangs on, and those that its scripts make for it. */
export const ERRNOS: Readonly<Record<string, readonly string[]>> = {
  openat: ['ENOSPC', 'EIO', 'EROFS', 'EMFILE', 'ENOMEM'],
  write: ['ENOSPC', 'EIO'],
  pwrite64: ['ENOSPC', 'EIO'],
  writev: ['ENOSPC', 'EIO'],
  pwritev: ['ENOSPC', 'EIO'],
  fsync: ['EIO', 'ENOSPC'],
  fdatasync: ['EIO', 'ENOSPC'],
  syncfs: ['EIO', 'ENOSPC'],
  rename: ['EIO', 'EROFS', 'ENOSPC'],
  renameat: ['EIO', 'EROFS', 'ENOSPC'],
  renameat2: ['EIO', 'EROFS', 'ENOSPC'],
  link: ['EIO', 'EROFS', 'ENOSPC'],
  linkat: ['EIO', 'EROFS', 'ENOSPC'],
  unlink: ['EIO', 'EROFS'],
  unlinkat: ['EIO', 'EROFS'],
  rmdir: ['EIO', 'EROFS'],
  mkdir: ['EIO', 'EROFS', 'ENOSPC'],
  ftruncate: ['EIO', 'EROFS'],
  truncate: ['EIO', 'EROFS'],
  fchmod: ['EIO', 'EROFS'],
  chmod: ['EIO', 'EROFS'],
  fchown: ['EIO', 'EROFS'],
  utimensat: ['EIO', 'EROFS'],
  read: ['EIO'],
  pread64: ['EIO'],
  getdents64: ['EIO', 'ENOMEM'],
  statx: ['EIO', 'ENOMEM'],
  newfstatat: ['EIO', 'ENOMEM'],
  access: ['EIO', 'ENOMEM'],
  faccessat2: ['EIO', 'ENOMEM'],
  readlink: ['EIO'],
  statfs: ['EIO', 'ENOMEM'],
  copy_file_range: ['EIO', 'ENOSPC'],
  sendfile: ['EIO', 'ENOSPC'],
  close: ['EIO'],
  execve: ['ENOMEM', 'EIO', 'EMFILE'],
  clone: ['ENOMEM', 'EAGAIN'],
  clone3: ['ENOMEM', 'EAGAIN'],
  vfork: ['ENOMEM', 'EAGAIN'],
  socketpair: ['EMFILE', 'ENOMEM'],
  pipe2: ['EMFILE', 'ENOMEM'],
  dup2: ['EMFILE'],
};

/** The calls of strace's output, which begins each line with the thread where there are several. */
export function parseCalls(trace: string, callerOf: (thread: string) => Caller): Call[] {
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(?:(\d+) +)?(.*)$/.exec(line) ?? [];
    const caller = callerOf(thread);
    const [, name] = /^(\w+)\(/.exec(text) ?? [];
    // The end of a call that another thread has interrupted says whether it was injected, too.
    const isInjected = text.includes('(INJECTED)');
    if (name === undefined) {
      const [, resumed = ''] = /<\.\.\. (\w+) resumed>/.exec(text) ?? [];
      if (isInjected) calls.push({ caller, name: resumed, nth: 0, text, isInjected });
      continue;
    }
    const key = `${thread} ${name}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    calls.push({ caller, name, nth, text, isInjected });
  }
  return calls;
}

const CHANGES =
  /^(rename|link|unlink|rmdir|mkdir|p?writev?|f?(data)?sync(fs)?|f?truncate|fchmod|chmod|fchown|utimens|copy_file|sendfile)/;

/** Whether something on the disk may be another one after it. */
export function changesDisk({ name, text }: Call): boolean {
  return name === 'openat' ? text.includes('O_CREAT') : CHANGES.test(name);
}

/** Whether its process was killed in it. */
export function neverReturned({ text }: Call): boolean {
  return text.endsWith('= ?');
}

/** Calls that start a process or connect it, which name no file of the appliance. */
const STARTS_PROCESS = /^(execve|clone3?|vfork|socketpair|pipe2|dup2)$/;

/** What may be wanting only where something is to be written. */
const FOR_WRITING: readonly string[] = ['ENOSPC', 'EROFS'];
const OPENS_FOR_WRITING = /O_CREAT|O_WRONLY|O_RDWR/;

/** What this call may return. */
export function errnosOf({ name, text }: Call): readonly string[] {
  const errnos = ERRNOS[name] ?? [];
  if (name !== 'openat' || OPENS_FOR_WRITING.test(text)) return errnos;
  return errnos.filter((errno) => !FOR_WRITING.includes(errno));
}

/**
 * Whose injected failure tells nothing of the product. One of `close` leaves open what a real one closes, and whoever
 * reads the other end would wait for ever; a shell that cannot read on in its script takes that for its end, and succeeds.
 */
const TELL_NOTHING: Readonly<Record<string, RegExp>> = {
  close: /<(pipe|socket|UNIX[^>]*):/,
  read: /\.sh>/,
};

/** More files than this whose paths differ in their numbers only are alike. */
const ALIKE = 5;

/**
 * Those that concern an appliance. Of files that are alike, as a backup or a restore has them by the dozen, those on the
 * first, the middle and the last one stand for the others.
 */
export function callsOn(root: string, calls: readonly Call[]): readonly Call[] {
  // To be found, scripts are traced with the threads of their runner: each of these counts by itself, and is injected into.
  const mute = calls.filter(({ name, text }) => TELL_NOTHING[name]?.test(text));
  const spoiled = new Set(mute.map(({ name, nth }) => `${name} ${nth}`));
  const own = calls
    .filter(({ name, text }) => text.includes(root) || STARTS_PROCESS.test(name))
    .filter(({ caller, name, nth }) => caller !== 'script' || !spoiled.has(`${name} ${nth}`));
  const kinds = new Map<string, Set<string>>();
  for (const path of own.flatMap(pathsOf)) {
    const kind = path.replace(/\d+/g, '0');
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add(path));
  }
  const left = new Set<string>();
  for (const alike of kinds.values()) {
    const paths = [...alike];
    if (paths.length <= ALIKE) continue;
    const kept = [paths[0], paths[paths.length >> 1], paths.at(-1)];
    paths.filter((path) => !kept.includes(path)).forEach((path) => left.add(path));
  }
  return own.filter((call) => !pathsOf(call).some((path) => left.has(path)));
}

function pathsOf({ text }: Call): string[] {
  return [...text.matchAll(/"(\/[^"]*)"|<(\/[^>]*)>/g)].map(([, named = '', opened = '']) => named || opened);
}
