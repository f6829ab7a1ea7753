import { lstat } from 'node:fs/promises';
import { sftpUploads, type SftpUploads } from '../config/paths.js';
import type { ApplianceContext } from '../context.js';
import { AdminError, ignoreMissing } from '../core/errors.js';
import { stayUntil } from '../core/stay.js';
import { jobs, type JobName } from '../jobs/index.js';
import type { AuditEvent } from '../records/audit-log.js';
import { followLog } from './follow-log.js';

/** One SSH command: who asked for it, and where what it says goes. */
export interface SshSession extends ApplianceContext {
  /** 16 hex digits, for the audit log. */
  readonly id: string;
  readonly address: string | undefined;
  /** One of the operation's allowed ones. */
  readonly argument: string | undefined;
  readonly write: (text: string | Buffer) => void;
}

/** What the audit log says of a job. */
export interface JobEvent extends Partial<Pick<AuditEvent, 'action' | 'target'>> {
  /** Only a success is recorded, as by the API for a job whose end the client waits for. */
  readonly ofSuccess?: boolean;
}

/**
 * Starts a job, shows its log and waits for its end, then shows its result if it has one. What was not uploaded is left
 * for the job to report.
 *
 * @param files where its inputs lie, by form field
 * @param event default: `<name>.post` without a target, once the job has started
 * @returns whether it succeeded
 */
export async function runJob(
  { launcher, paths, audit, write, id, address }: SshSession,
  name: JobName,
  files: Readonly<Record<string, string | undefined>> = {},
  { ofSuccess = false, ...event }: JobEvent = {},
): Promise<boolean> {
  const record = () => audit.record({ action: `${name}.post`, target: '', ...event, id, address });
  const inputs: Record<string, string> = {};
  for (const [field, file] of Object.entries(files)) {
    if (file !== undefined && (await isUploaded(file))) inputs[field] = file;
  }
  const log = await followLog(jobs[name].log(paths).file, write);
  const job = await stayUntil(launcher.start(name, inputs));
  // What is to be said comes from the log: nothing has to leave before the machine may go.
  job.answer();
  if (!ofSuccess) await record();
  const outcome = await log.showUntil(job.ended);
  if (outcome.state === 'failed') return false;
  if (ofSuccess) await record();
  // The licence, as existing appliances print it.
  if (outcome.result !== undefined) write(`${outcome.result}\n`);
  return true;
}

/** The same with inputs that have fixed names in the uploads directory. */
export function runJobWith(
  session: SshSession,
  name: JobName,
  files: (uploads: SftpUploads) => Readonly<Record<string, string>>,
  event?: JobEvent,
): Promise<boolean> {
  return runJob(session, name, files(sftpUploads(session.paths)), event);
}

/** @throws AdminError for a link, which could lead to a file that the administrator may not see */
export async function isUploaded(file: string): Promise<boolean> {
  const found = await lstat(file).catch(ignoreMissing);
  if (found && !found.isFile()) throw new AdminError('badRequest', `${file} is not a regular file`);
  return found !== undefined;
}
