/** A system call of a trace. */
export interface Call {
  readonly name: string;
  /** Of the calls of this name by its thread: 1, 2, … */
  readonly nth: number;
  /** With the paths of its file descriptors. */
  readonly text: string;
  readonly isInjected: boolean;
}

/** What may go wrong with the calls that a job's success hangs on. */
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
  read: ['EIO'],
  pread64: ['EIO'],
  getdents64: ['EIO', 'ENOMEM'],
  statx: ['EIO', 'ENOMEM'],
  copy_file_range: ['EIO', 'ENOSPC'],
  sendfile: ['EIO', 'ENOSPC'],
  close: ['EIO'],
  execve: ['ENOMEM', 'EIO', 'EMFILE'],
  clone: ['ENOMEM', 'EAGAIN'],
  clone3: ['ENOMEM', 'EAGAIN'],
  vfork: ['ENOMEM', 'EAGAIN'],
};

/** The calls of strace's output with `-f`, which begins each line with the thread. */
export function parseCalls(trace: string): Call[] {
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  for (const line of trace.split('\n')) {
    const [, thread = '', name = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    // The end of a call that another thread has interrupted says whether it was injected, too.
    const isInjected = line.includes('(INJECTED)');
    if (name === '') {
      const [, resumed = ''] = /<\.\.\. (\w+) resumed>/.exec(line) ?? [];
      if (isInjected) calls.push({ name: resumed, nth: 0, text: line, isInjected });
      continue;
    }
    const key = `${thread} ${name}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    calls.push({ name, nth, text: line, isInjected });
  }
  return calls;
}

/** Calls that start a process, which name no file of the appliance. */
export const STARTS_PROCESS = /^(execve|clone3?|vfork)$/;
