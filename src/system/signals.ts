/**
 * Takes from signals what they do by default. Programs that this one starts get them as ever.
 *
 * SIGXFSZ ends a process that writes beyond a limit on the size of files (`ulimit -f`, systemd's `LimitFSIZE=`): without it
 * the write fails with EFBIG, as writes may. SIGUSR1 opens Node's debugger, on a port for every user of the machine.
 *
 * @param others SIGHUP where it means "reload", as to daemons: one that was sent to all of them must not cut a start or a job
 */
export function disarmSignals(...others: readonly 'SIGHUP'[]): void {
  for (const signal of ['SIGXFSZ', 'SIGUSR1', ...others] as const) process.on(signal, () => undefined);
}
