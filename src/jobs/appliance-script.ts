import { describeFailure } from '../system/script.js';
import { JobFailure, type JobContext } from './job.js';

/**
 * Runs one of the appliance's own scripts, through the system script that calls it; its output is in the job's log
 * if it fails.
 *
 * @param script of the product, below `scripts/`
 * @param name of the appliance's script, for the message
 * @throws JobFailure that says how it failed
 */
export async function runApplianceScript(
  context: JobContext,
  script: string,
  args: readonly string[],
  name: string,
): Promise<void> {
  const failure = describeFailure(
    await context.runScript(script, args, {
      timeoutMs: context.settings.scriptTimeLimitMs,
      isQuiet: true,
    }),
  );
  if (failure !== undefined) throw new JobFailure({ message: `${name} ${failure}` });
}
