import { join } from 'node:path';
import type { ApplianceContext } from '../context.js';
import { FatalError, messageOf } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { createJobLog } from '../records/job-log.js';
import { acquireLock } from '../system/lock.js';
import { applyItem } from './apply-item.js';
import { hasSucceededSince, stampOf } from './cut-off.js';
import { digestOf, listItems, readItem, type ProvisionItem } from './items.js';
import { readKernelToken } from './kernel-argument.js';
import { beginRecord, findBegun, isRecorded } from './record.js';
import { removeItem, removeLeftoverItem } from './remove-item.js';

/**
 * Applies what the kernel's command line and the provisioning directory hold: each item once, in order, up to the
 * first that fails. An item that has been applied is removed, and remembered: the same content under the same name is
 * not applied again, so that what an administrator has changed since then stays.
 *
 * @param say what is told of each item, also in `log/provision.log`
 * @returns whether nothing is left to be applied
 * @throws FatalError while another process is at it
 */
export async function provision(context: ApplianceContext, say: (line: string) => void): Promise<boolean> {
  const { paths, settings, logger } = context;
  const lock = await acquireLock(join(paths.locks, 'provision')).catch((error: unknown) => {
    throw new FatalError(`nothing was applied: ${messageOf(error)}`);
  });
  if (!lock) throw new FatalError('another process is provisioning this appliance');
  const log = createJobLog(paths.provisionLog, settings.applianceType, logger);
  const tell = async (line: string) => {
    say(line);
    await log.line(line);
  };
  let current = 'the kernel command line';
  const waiting: string[] = [];
  try {
    const token = await readKernelToken(paths.root);
    if (token) {
      current = token.name;
      await applyOnce(context, token, tell);
    }
    current = paths.provisionDirectory;
    waiting.push(...(await listItems(paths.provisionDirectory)));
    // Where the directory is read-only there is none.
    await removeLeftoverItem(paths.provisionDirectory).catch(() => undefined);
    for (;;) {
      const name = waiting.shift();
      if (name === undefined) return true;
      current = printable(name, 80);
      const isNew = await applyOnce(context, await readItem(paths.provisionDirectory, name), tell);
      await removeItem(paths.provisionDirectory, name).catch(async (error: unknown) => {
        if (isNew) await tell(`${name} was applied, but cannot be removed: ${messageOf(error)}`);
      });
    }
  } catch (error) {
    await tell(`${current} was not applied: ${messageOf(error)}`);
    if (waiting.length > 0) {
      await tell(`Not applied after that: ${waiting.map((name) => printable(name, 80)).join(', ')}`);
    }
    return false;
  } finally {
    await lock.release();
  }
}

/** @returns whether it was applied now: false where the same content has been applied before */
async function applyOnce(
  context: ApplianceContext,
  item: ProvisionItem,
  tell: (line: string) => Promise<void>,
): Promise<boolean> {
  const { paths } = context;
  const file = join(paths.provisioned, item.name);
  const digest = digestOf(item);
  if (await isRecorded(file, digest)) return false;
  const begun = await findBegun(file, digest);
  const isApplied = begun !== undefined && (await hasSucceededSince(begun, item.kind, paths));
  // Before anything is changed: what cannot be remembered would be applied at every boot.
  const note = isApplied ? begun : await stampOf(item.kind, paths);
  const record = await beginRecord(file, digest, note);
  try {
    if (!isApplied) await applyItem(context, item);
  } catch (error) {
    await record.discard();
    throw error;
  }
  await record.keep();
  await tell(`${item.name} was applied${isApplied ? ' by a run that was cut off' : ''}`);
  return true;
}
