import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../system/atomic-file.js';
import type { ProvisionItem } from './items.js';
import { readTrustedFile } from './trusted-file.js';

const TOKEN = 'admind.token';
const TOKEN_FILE = 'admind.token-file';

/**
 * The API token that the kernel's command line names, as `admind.token=TOKEN` or `admind.token-file=FILE`; of several
 * the last one. In a container, whose kernel is the host's, the arguments of its first process count instead.
 *
 * @throws AdminError for a file that is not root's alone
 */
export async function readKernelToken(root: string | undefined): Promise<ProvisionItem | undefined> {
  const words = await readWords(root ?? '/');
  const last = words.findLast((word) => word.startsWith(`${TOKEN}=`) || word.startsWith(`${TOKEN_FILE}=`));
  if (last === undefined) return undefined;
  const [name = ''] = last.split('=', 1);
  const value = last.slice(name.length + 1);
  const content =
    name === TOKEN ? Buffer.from(value) : await readTrustedFile(join(root ?? '/', value), `${name}=${value}`);
  return { name, kind: 'token', files: new Map([[name, content]]) };
}

async function readWords(base: string): Promise<readonly string[]> {
  const isContainer = existsSync(join(base, 'run/systemd/container'));
  const file = join(base, isContainer ? 'proc/1/cmdline' : 'proc/cmdline');
  const text = (await readTextFile(file)) ?? '';
  return isContainer ? text.split('\0') : splitWords(text);
}

/** As the kernel does: a quote, anywhere in a word, keeps what is up to the next one together. */
function splitWords(text: string): readonly string[] {
  return (text.match(/(?:"[^"]*(?:"|$)|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
