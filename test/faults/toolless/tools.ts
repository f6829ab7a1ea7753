import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { whyNoBusyboxRoot } from '../../packaging/busybox-root.js';

/** What the product's scripts, and those of the stands, are made of; busybox has all of it, and openssl, tar, … are not there. */
export const MINIMUM = [
  'sh',
  'cat',
  'cp',
  'date',
  'env',
  'head',
  'mkdir',
  'mv',
  'sed',
  'sleep',
  'sync',
  'tr',
] as const;

export type Tool = (typeof MINIMUM)[number];

/** The programs that a daemon, its runners and their scripts find: those of {@link MINIMUM}, and of these one may be taken. */
export interface Tools {
  /** Starts the daemon where there is nothing else: {@link StandOptions.prefix}. */
  readonly prefix: readonly string[];
  take(tool: Tool): void;
  giveBack(tool: Tool): void;
  remove(): void;
}

/** The places of programs, that of `mount` last; some may be links to others. */
const PLACES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/sbin', '/bin', '/usr/bin'];

// What is left is found where all programs lie in truth, as their own places are hidden.
const HIDE = `set -e
tools=$1; shift
places=''
for place in ${PLACES.join(' ')}; do
  if [ -d "$place" ] && ! [ -L "$place" ]; then places="$places $place"; fi
done
mount --rbind / "$tools/all"
for place in $places; do mount --bind "$tools/bin" "$place"; done
exec "$@"`;

export function createTools(): Tools {
  const directory = mkdtempSync(join(tmpdir(), 'admind-tools-'));
  const bin = join(directory, 'bin');
  const all = join(directory, 'all');
  mkdirSync(bin);
  mkdirSync(all);
  const giveBack = (tool: string) => symlinkSync(join(all, '/bin/busybox'), join(bin, tool));
  MINIMUM.forEach(giveBack);
  symlinkSync(join(all, process.execPath), join(bin, basename(process.execPath)));
  return {
    prefix: ['unshare', '--mount', 'sh', '-c', HIDE, 'sh', directory],
    take: (tool) => rmSync(join(bin, tool)),
    giveBack,
    remove: () => rmSync(directory, { recursive: true }),
  };
}

export function lacksTools(): string | undefined {
  return whyNoBusyboxRoot();
}
