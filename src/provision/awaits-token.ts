import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { digestOf, kindOf, listItems, readItem, type ProvisionItem } from './items.js';
import { readKernelToken } from './kernel-argument.js';
import { isRecorded } from './record.js';

/**
 * Whether the kernel's command line or the provisioning directory holds a token that has not been applied: then nobody else
 * may set the first one. What cannot be read may be one.
 */
export async function awaitsToken({ root, provisioned, provisionDirectory }: Paths): Promise<boolean> {
  const isNew = async (item: ProvisionItem) =>
    !(await isRecorded(join(provisioned, item.name), digestOf(item)));
  try {
    const token = await readKernelToken(root);
    if (token && (await isNew(token))) return true;
    for (const name of await listItems(provisionDirectory)) {
      if (kindOf(name) === 'token' && (await isNew(await readItem(provisionDirectory, name)))) return true;
    }
    return false;
  } catch {
    return true;
  }
}
