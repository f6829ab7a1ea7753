import { cpus, totalmem } from 'node:os';
import { run } from './run-program.js';

/** Where a result is from: only figures of the same origin can be compared without their peers. */
export interface Origin {
  readonly machine: string;
  /** As 2026-01-31. */
  readonly date: string;
  /** What was measured. */
  readonly commit: string;
}

/** @param measure the directory of what measures, whose changes count, other than those of its results */
export async function findOrigin(measure: string): Promise<Origin> {
  const [processor] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  return {
    machine: `Node ${process.version}, ${cpus().length} × ${processor?.model ?? 'unknown'}, ${memory}`,
    date: new Date().toISOString().slice(0, 10),
    commit: await findCommit(measure),
  };
}

export function describeOrigin({ machine, date, commit }: Origin): string {
  return `${date}, commit ${commit}. ${machine}.`;
}

/** Changes elsewhere, such as to the committed results, make no other product of it. */
async function findCommit(measure: string): Promise<string> {
  try {
    const commit = (await run('git', 'rev-parse', '--short', 'HEAD')).trim();
    const changes = await run(
      'git',
      'status',
      '--porcelain',
      '--',
      ...PRODUCT,
      measure,
      `:!${measure}/results`,
    );
    return changes === '' ? commit : `${commit} with changes`;
  } catch {
    return 'unknown';
  }
}

const PRODUCT = ['src', 'config', 'scripts', 'package-lock.json'];
