import { secretFiles } from '../appliance/secret-files.js';
import { errnoOf, messageOf } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { gzip } from '../package/gzip.js';
import { tarFiles, type FilesToPack } from '../package/tar-files.js';
import { describeFailure } from '../system/script.js';
import { createBoundedNotes } from './bounded-notes.js';
import { JobFailure, type JobContext } from './job.js';

const LIST_LIMIT_BYTES = 16 * 1024 * 1024;
const PATH_SHOWN = 200;

/**
 * `logs.tar.gz` as it is written: the appliance's log directory and what `logs.txt` names. Files with secrets, and
 * what was handed in, are left out even where a pattern matches them, and so are the archives themselves.
 *
 * @throws JobFailure when `logs.txt` cannot be evaluated
 */
export async function collectLogs(context: JobContext): Promise<AsyncIterable<Buffer>> {
  const { paths, log, signal } = context;
  const { root = '/' } = paths;
  const logDirectory = paths.log.slice(root === '/' ? 0 : root.length);
  const files = packFiles(log, {
    root,
    paths: [`${logDirectory}/`, ...(await listPaths(context))],
    excluded: [
      ...secretFiles(paths),
      paths.logsArchive,
      paths.logsStaging,
      paths.debugBundle,
      paths.debugDirectory,
    ],
  });
  return gzip(untilAborted(files, signal));
}

/** The tar of files; the job's log says which of them were not packed, or not to their end. */
export async function* packFiles(
  log: JobContext['log'],
  files: Omit<FilesToPack, 'onTrouble'>,
): AsyncGenerator<Buffer> {
  const notes = createBoundedNotes(log, 'files not collected completely');
  const onTrouble = (path: string, error: unknown) =>
    notes.note(
      `Not collected completely: ${printable(path, PATH_SHOWN)}: ${errnoOf(error) ?? messageOf(error)}`,
    );
  try {
    yield* tarFiles({ ...files, onTrouble });
  } finally {
    await notes.close();
  }
}

async function listPaths(context: JobContext): Promise<readonly string[]> {
  const result = await context.captureScript('list-logs.sh', [], {
    timeoutMs: context.settings.scriptTimeLimitMs,
    outputLimitBytes: LIST_LIMIT_BYTES,
  });
  const failure = result.isTooLong ? 'names too many files' : describeFailure(result);
  if (failure !== undefined) throw new JobFailure({ message: `logs.txt cannot be evaluated: ${failure}` });
  return result.output.split('\0').slice(0, -1);
}

async function* untilAborted(chunks: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
