/**
 * Takes from signals what they do by default. Programs that this one starts get them as ever.
 *
 * SIGXFSZ ends a process that writes beyond a limit on the size of files (`ulimit -f`, systemd's `LimitFSIZE=`): without it
 * the write fails with EFBIG, as writes may. SIGUSR1 opens Node's debugger, on a port for every user of the machine.
 */
export function disarmSignals(): void {
  for (const signal of ['SIGXFSZ', 'SIGUSR1'] as const) process.on(signal, ignore);
}

/** Where SIGHUP means "reload", as to daemons: one that was sent to all of them must not cut a start or a job. */
export function disarmHangup(): void {
  process.on('SIGHUP', ignore);
}

function ignore(): void {
  // To be heard is enough.
}
