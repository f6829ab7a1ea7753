import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { readDebugCommands, type DebugCommand } from '../appliance/debug-commands.js';
import type { CommandRecord } from '../package/bundle-manifest.js';
import type { LoggedResult } from '../system/script.js';
import { JobFailure, type JobContext } from './job.js';
import { writeOrExplain } from './publish-file.js';

/** How much longer the script waits before it stops the command by itself, since nobody else did. */
const GRACE_SECONDS = 5;
const SIGNAL_STATUS = 128;
/** A file that is damaged could hold hundreds of thousands, which nobody would wait for. */
const MOST_COMMANDS = 1_000;

/**
 * Runs the vendor's debug commands, one after the other, so that none of them shows in the output of another. What they
 * print is in `debug-1.log`, `debug-2.log`, … below `directory`; how they end is no failure of the job.
 *
 * @throws JobFailure when there are more than 1000
 */
export async function runDebugCommands(
  context: JobContext,
  directory: string,
): Promise<readonly CommandRecord[]> {
  const records: CommandRecord[] = [];
  const commands = await readDebugCommands(context.paths.debugList);
  if (commands.length > MOST_COMMANDS) {
    throw new JobFailure({ message: `debug.txt has more than ${MOST_COMMANDS} commands` });
  }
  for (const command of commands) {
    const file = `debug-${records.length + 1}.log`;
    await context.log.plain(`Creating debug/${file}`);
    records.push(await runDebugCommand(context, command, directory, file));
    context.signal.throwIfAborted();
  }
  return records;
}

async function runDebugCommand(
  context: JobContext,
  { line, command }: DebugCommand,
  directory: string,
  file: string,
): Promise<CommandRecord> {
  const output = join(directory, file);
  await writeOrExplain(output, `Running: ${command}\n`, 0o600);
  const startedAt = new Date().toISOString();
  const timeoutMs = context.settings.debugCommandTimeLimitMs;
  const limitSeconds = Math.ceil(timeoutMs / 1000) + GRACE_SECONDS;
  const result = await context.runScript('debug-command.sh', [String(line), String(limitSeconds)], {
    timeoutMs,
    log: output,
    logLimitBytes: context.settings.scriptOutputLimitBytes,
    killsLeftovers: true,
  });
  return {
    file,
    command,
    startedAt,
    durationMs: result.durationMs,
    exitStatus: result.exitCode ?? null,
    signal: signalOf(result) ?? null,
    timedOut: result.timedOut,
    sizeBytes: (await stat(output)).size,
    truncated: result.isCut,
  };
}

/** The shell tells of a signal by the status. */
function signalOf({ exitCode = 0, signal }: LoggedResult): string | undefined {
  if (signal !== undefined) return signal;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - SIGNAL_STATUS)?.[0];
}
