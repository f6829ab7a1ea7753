import type { Paths } from '../config/paths.js';
import { AdminError, errnoOf } from '../core/errors.js';
import type { FileReplacement } from '../system/file-change.js';
import { syncMachine } from '../system/sync-file-system.js';
import { JobFailure, type Job, type JobContext } from './job.js';
import { runApplianceScript } from './appliance-script.js';

/** What is particular to a job that replaces settings files and makes the appliance follow them. */
export interface SettingsJobParts extends Pick<Job, 'name' | 'title'> {
  input(paths: Paths): string;
  status(paths: Paths): string;
  log(paths: Paths): string;
  /** The script under `scripts/` that calls the appliance's own. */
  readonly script: string;
  /** The appliance's own script, for messages. */
  readonly applianceScript: string;
  /** @throws AdminError that says what is wrong with the input */
  prepare(input: string, paths: Paths): Promise<PreparedSettings>;
  /** Arguments that make the appliance follow the files in place; undefined where there are none. */
  currentArguments(paths: Paths): Promise<readonly string[] | undefined>;
}

export interface PreparedSettings {
  readonly files: readonly FileReplacement[];
  /** Of the script. */
  readonly args: readonly string[];
}

/** A job that writes all of its files or none: where the appliance's script fails, the previous ones are back. */
export function createSettingsJob(parts: SettingsJobParts): Job {
  const apply = async (context: JobContext, args: readonly string[]) => {
    await runApplianceScript(context, parts.script, args, parts.applianceScript);
    await syncMachine(context.paths.root);
  };
  return {
    name: parts.name,
    title: parts.title,
    stages: { start: 10, write: 30, apply: 60 },
    texts: {
      started: () => 'Updating settings. Please wait..',
      succeeded: () => 'Updating settings successful',
      failed: () => 'Invalid or missing settings file',
    },
    savesImage: true,
    status: (paths) => ({ text: parts.status(paths) }),
    log: (paths) => ({ file: parts.log(paths), mode: 0o644 }),
    inputs: (paths) => ({ settings: parts.input(paths) }),
    staged: (paths) => [parts.input(paths)],
    async run(context) {
      const { files, args } = await prepare(parts, context.paths);
      await context.stage('write');
      await context.replaceFiles(files);
      await context.stage('apply');
      await apply(context, args);
      return undefined;
    },
    async afterUndo(context) {
      const args = await parts.currentArguments(context.paths);
      if (!args) throw new JobFailure({ message: 'there were no settings before' });
      await apply(context, args);
    },
  };
}

async function prepare(parts: SettingsJobParts, paths: Paths): Promise<PreparedSettings> {
  try {
    return await parts.prepare(parts.input(paths), paths);
  } catch (error) {
    if (error instanceof AdminError) throw new JobFailure({ message: error.message }, { cause: error });
    if (errnoOf(error) === 'ENOENT') throw new JobFailure({ message: 'There is no settings file' });
    throw error;
  }
}
