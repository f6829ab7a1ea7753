/**
 * Lets a write beyond a limit on the size of files (`ulimit -f`, systemd's `LimitFSIZE=`) fail with EFBIG, as any write may
 * fail. Without this the kernel ends the process. Programs that this one starts are ended as ever.
 */
export function surviveFileSizeLimit(): void {
  process.on('SIGXFSZ', () => undefined);
}
