import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplianceContext } from '../context.js';
import { firstLine } from '../core/first-line.js';
import { AdminError } from '../core/errors.js';
import { stayUntil } from '../core/stay.js';
import { createUploadDirectory, removeUploadDirectory } from '../http/upload-directory.js';
import type { ItemKind, ProvisionItem } from './items.js';

/** A kind that a job of the same name applies. */
type JobKind = Exclude<ItemKind, 'token'>;

/** The job's inputs, by the item's file; of an item that is one file, the only input. */
const INPUTS: Readonly<Record<JobKind, string | Readonly<Record<string, string>>>> = {
  settings: 'settings',
  storage: 'settings',
  license: 'license',
  certs: { 'public.pem': 'public', 'private.pem': 'private', 'ca.pem': 'ca' },
};

/**
 * Applies an item as the API would, by the same job: wholly or not at all.
 *
 * @throws AdminError that says why it was not applied
 */
export async function applyItem(context: ApplianceContext, item: ProvisionItem): Promise<void> {
  const { audit } = context;
  const event = { id: randomBytes(8).toString('hex'), target: item.name, address: undefined };
  if (item.kind === 'token') {
    await setToken(context, item);
    await audit.record({ ...event, action: 'token.update.success' });
  } else {
    const action = `${item.kind}.post`;
    await runJob(context, item.kind, item.files, event.id, () => audit.record({ ...event, action }));
  }
}

async function setToken({ operations }: ApplianceContext, { files }: ProvisionItem): Promise<void> {
  const [content = Buffer.alloc(0)] = files.values();
  await operations.setToken(firstLine(content.toString('utf8')), 'any').catch((error: unknown) => {
    if (!(error instanceof AdminError) || error.kind !== 'badRequest') throw error;
    throw new AdminError('badRequest', 'the token must be 1 to 255 printable ASCII characters, no spaces');
  });
}

async function runJob(
  { launcher, paths }: ApplianceContext,
  kind: JobKind,
  files: ProvisionItem['files'],
  id: string,
  onStarted: () => Promise<void>,
): Promise<void> {
  // A job takes its inputs away: these are copies.
  const directory = await createUploadDirectory(paths.taken, id);
  try {
    const inputs = INPUTS[kind];
    const given: Record<string, string> = {};
    for (const [file, content] of files) {
      const field = typeof inputs === 'string' ? inputs : inputs[file];
      if (field === undefined) continue;
      given[field] = join(directory, field);
      await writeFile(given[field], content, { mode: 0o600 });
    }
    // A job keeps no process from ending: this one has to see the end.
    const job = await stayUntil(launcher.start(kind, given));
    job.answer();
    await onStarted();
    const outcome = await stayUntil(job.ended);
    if (outcome.state === 'failed')
      throw new AdminError('badRequest', outcome.error?.message ?? outcome.reason);
  } finally {
    await removeUploadDirectory(directory);
  }
}
