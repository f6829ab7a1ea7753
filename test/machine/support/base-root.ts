import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.js';

export const SUITE = 'bookworm';

// The kernel is for the machines of qemu; those of systemd-nspawn leave it alone.
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'sudo', 'iproute2', 'openssl', 'curl', 'logrotate'],
  'linux-image-cloud-amd64',
];

/** The root of a small Debian system that boots; made once for each list of packages and never written again. */
export async function baseRoot(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'admind');
  const key = createHash('sha256')
    .update([SUITE, ...PACKAGES].join())
    .digest('hex')
    .slice(0, 12);
  const root = join(cache, `${SUITE}-${key}`);
  if (existsSync(root)) return root;
  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(join(cache, 'staging-'));
  try {
    const made = join(staging, 'root');
    const include = `--include=${PACKAGES.join()}`;
    await command('debootstrap', ['--variant=minbase', include, SUITE, made, await debianMirror()], {
      timeoutMs: 600_000,
    });
    await rm(join(made, 'var/cache/apt'), { recursive: true });
    // Two test runs that make it at once: the second finds it in place.
    await rename(made, root).catch((error: unknown) => {
      if (!existsSync(root)) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return root;
}

/** Where this machine itself gets Debian's packages from. */
export async function debianMirror(): Promise<string> {
  const conditions = ['Created-By: Packages', 'Origin: Debian', `Codename: ${SUITE}`];
  const uris = await command('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...conditions]);
  const [uri] = uris.split('\n');
  if (!uri) throw new Error(`apt knows no source of Debian ${SUITE}: add one to /etc/apt/sources.list`);
  return uri;
}
