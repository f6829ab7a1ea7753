/**
 * Takes from signals what they do by default where that harms: SIGXFSZ ends a process that writes beyond a limit on the size
 * of files (`ulimit -f`, systemd's `LimitFSIZE=`), where the write can fail with EFBIG as any other may; SIGUSR1 opens the
 * port of Node's debugger to every user of the machine. Programs that this one starts get them as ever.
 */
export function disarmSignals(): void {
  for (const signal of ['SIGXFSZ', 'SIGUSR1'] as const) process.on(signal, () => undefined);
}
