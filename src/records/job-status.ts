import { rm } from 'node:fs/promises';
import { parseJson } from '../core/json.js';
import { ignoreUnusable } from '../core/read-only.js';
import { readTextFile, writeFileAtomic } from '../system/atomic-file.js';

export type JobState = 'running' | 'success' | 'failed';

/** Where a job's status is kept; which of the files exist is part of each job's on-disk format. */
export interface StatusFiles {
  /** One word. */
  readonly text?: string;
  /** `{"status":"running","percentage":30}`; read before `text`. */
  readonly json?: string;
  /** The JSON ends without a newline. */
  readonly isJsonBare?: boolean;
  readonly errorMessage?: string;
  readonly errorCode?: string;
}

export interface JobError {
  readonly message: string;
  readonly code?: string;
}

export interface JobStatus {
  /** The fields to show, `status` among them; scripts may add their own to the JSON file. */
  readonly fields: StatusFields;
  readonly errorMessage: string | undefined;
  readonly errorCode: string | undefined;
}

/** What a JSON status says beside its `status`. */
export type StatusFields = Readonly<Record<string, unknown>>;

const MODE = 0o644;

/**
 * Of two files the JSON one is what is read. It tells `running` for as long as they may differ: so what a crash between them leaves
 * is found and settled.
 *
 * @param write how a file gets its new text; default: as a whole
 */
export async function writeJobStatus(
  { text, json, isJsonBare = false }: StatusFiles,
  state: JobState,
  fields: StatusFields = {},
  write: (file: string, text: string) => Promise<void> = replace,
): Promise<void> {
  const document = `${JSON.stringify({ status: state, ...fields })}${isJsonBare ? '' : '\n'}`;
  if (json !== undefined && state === 'running') await write(json, document);
  if (text !== undefined) await write(text, `${state}\n`);
  if (json !== undefined && state !== 'running') await write(json, document);
}

function replace(file: string, text: string): Promise<void> {
  return writeFileAtomic(file, text, { mode: MODE });
}

export async function writeJobError(files: StatusFiles, error: JobError): Promise<void> {
  if (files.errorMessage !== undefined) {
    await writeFileAtomic(files.errorMessage, `${error.message}\n`, { mode: MODE });
  }
  if (files.errorCode !== undefined && error.code !== undefined) {
    await writeFileAtomic(files.errorCode, `${error.code}\n`, { mode: MODE });
  }
}

export async function clearJobError(files: StatusFiles): Promise<void> {
  for (const file of [files.errorMessage, files.errorCode]) {
    if (file !== undefined) await rm(file, { force: true });
  }
}

/** A missing or malformed status file counts as absent; `status` is null when no file holds one. */
export async function readJobStatus(files: StatusFiles): Promise<JobStatus> {
  // First: the error of a failed job is written before its status.
  const fields = (await readJsonStatus(files.json)) ?? { status: (await firstLine(files.text)) ?? null };
  const [errorMessage, errorCode] = await Promise.all([
    firstLine(files.errorMessage),
    firstLine(files.errorCode),
  ]);
  return { fields, errorMessage, errorCode };
}

/** Whether the status says that the job runs; whether that is true, its lock tells. */
export async function readsRunning(files: StatusFiles): Promise<boolean> {
  return (await readJobStatus(files)).fields.status === 'running';
}

/** Whether the status says that the job, when it ran last, succeeded. */
export async function readsSuccess(files: StatusFiles): Promise<boolean> {
  return (await readJobStatus(files)).fields.status === 'success';
}

async function readJsonStatus(file: string | undefined): Promise<Record<string, unknown> | undefined> {
  const text = await read(file);
  if (text === undefined) return undefined;
  try {
    const value = parseJson(text) as Record<string, unknown> | null;
    return typeof value === 'object' && typeof value?.status === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

async function firstLine(file: string | undefined): Promise<string | undefined> {
  const text = await read(file);
  return text?.split('\n', 1)[0]?.trim() || undefined;
}

async function read(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readTextFile(file).catch(ignoreUnusable);
}
