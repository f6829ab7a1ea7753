/**
 * The command that runs a system script with the privilege it needs: as it is in a sandbox or for root, by sudo for
 * the daemon's own user on an appliance.
 */
export function privileged(
  script: string,
  env: Readonly<Record<string, string>>,
  sandbox: boolean,
): readonly [string, ...string[]] {
  if (sandbox || process.geteuid?.() === 0) return [script];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return ['/usr/bin/sudo', '-n', ...variables, script];
}
