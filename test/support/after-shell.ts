/** A prefix for a command that has a shell set something first, as a limit: `ulimit -n 64`. */
export function afterShell(setting: string): readonly [string, ...string[]] {
  return ['/bin/sh', '-c', `${setting}; exec "$@"`, 'sh'];
}
