/**
 * Takes from two signals what they do by default. Programs that this one starts get them as ever.
 *
 * SIGXFSZ ends a process that writes beyond a limit on the size of files (`ulimit -f`, systemd's `LimitFSIZE=`): without it
 * the write fails with EFBIG, as writes may. SIGUSR1 opens Node's debugger, on a port for every user of the machine.
 */
export function disarmSignals(): void {
  for (const signal of ['SIGXFSZ', 'SIGUSR1'] as const) process.on(signal, () => undefined);
}
