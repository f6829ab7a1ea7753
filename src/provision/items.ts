import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AdminError, ignoreMissing } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { readTrustedFile, requireTrustedDirectory } from './trusted-file.js';

/** What can be provisioned, and how its name may end; of those that are a directory, the files in it. */
const KINDS = {
  token: { extension: '.txt' },
  settings: { extension: '.json' },
  storage: { extension: '.json' },
  license: { extension: '.asc' },
  certs: { extension: '', members: { 'public.pem': true, 'private.pem': true, 'ca.pem': false } },
} as const satisfies Readonly<Record<string, Kind>>;

interface Kind {
  readonly extension: string;
  readonly members?: Readonly<Record<string, boolean>>;
}

export type ItemKind = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as readonly ItemKind[];

/** One thing to apply, read whole: what happens to its files from now on changes nothing. */
export interface ProvisionItem {
  readonly name: string;
  readonly kind: ItemKind;
  /** Content by file name; of an item that is one file, its only one. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** `10-token.txt`, `settings.json`, `50-certs`. */
const NAME = /^(?:[A-Za-z0-9._-]*-)?([a-z]+)(\.[a-z]+)?$/;

/** The names of the items in a directory, in the order of their bytes. Names that begin with a dot are not looked at. */
export async function listItems(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory).catch(ignoreMissing)) ?? [];
  if (names.length > 0) await requireTrustedDirectory(directory, directory);
  return names
    .filter((name) => !name.startsWith('.'))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** @throws AdminError that says what is wrong with it and what is allowed */
export async function readItem(directory: string, name: string): Promise<ProvisionItem> {
  const kind = kindOf(name);
  if (kind === undefined) {
    throw new AdminError(
      'badRequest',
      `"${printable(name, 80)}" is no known item. Allowed: ${KIND_NAMES.map(usage).join(', ')}, each ` +
        'after a number and a hyphen if its turn matters, as in 10-token.txt',
    );
  }
  const path = join(directory, name);
  const { members }: Kind = KINDS[kind];
  if (members === undefined)
    return { name, kind, files: new Map([[name, await readTrustedFile(path, name)]]) };
  await requireTrustedDirectory(path, name);
  return { name, kind, files: await readMembers(path, name, members) };
}

/** Tells the content of an item from any other. */
export function digestOf({ kind, files }: Pick<ProvisionItem, 'kind' | 'files'>): string {
  const hash = createHash('sha256').update(kind);
  for (const [name, content] of files) hash.update(`\0${name}\0${content.length}\0`).update(content);
  return hash.digest('hex');
}

async function readMembers(
  path: string,
  item: string,
  members: Readonly<Record<string, boolean>>,
): Promise<ReadonlyMap<string, Buffer>> {
  const present = await readdir(path);
  const unknown = present.find((name) => !Object.hasOwn(members, name));
  if (unknown !== undefined) {
    const allowed = Object.keys(members).join(', ');
    throw new AdminError('badRequest', `${item} holds "${printable(unknown, 80)}". Allowed: ${allowed}`);
  }
  const files = new Map<string, Buffer>();
  for (const [name, isNeeded] of Object.entries(members)) {
    if (present.includes(name)) files.set(name, await readTrustedFile(join(path, name), `${item}/${name}`));
    else if (isNeeded) throw new AdminError('badRequest', `${item}/${name} is missing`);
  }
  return files;
}

/** Copies that an editor or a person keeps, `10-token.bak`, are not taken for the item. */
export function kindOf(name: string): ItemKind | undefined {
  const [, kind = '', extension = ''] = NAME.exec(name) ?? [];
  return isKind(kind) && (extension === '' || extension === KINDS[kind].extension) ? kind : undefined;
}

function isKind(name: string): name is ItemKind {
  return Object.hasOwn(KINDS, name);
}

function usage(kind: ItemKind): string {
  const { extension, members }: Kind = KINDS[kind];
  return `${kind}${members ? '/' : extension}`;
}
