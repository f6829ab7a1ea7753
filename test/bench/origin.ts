import { cpus, totalmem } from 'node:os';
import { GIB } from './scene.js';
import { run } from './shell.js';

/** Where a figure is from: only what has the same origin can be compared without its peer. */
export interface Origin {
  readonly machine: string;
  /** As 2026-01-31. */
  readonly date: string;
  /** What was measured. */
  readonly commit: string;
}

export async function findOrigin(): Promise<Origin> {
  const [processor] = cpus();
  const memory = `${Math.round(totalmem() / GIB)} GiB of memory`;
  return {
    machine: `Node ${process.version}, ${cpus().length} × ${processor?.model ?? 'unknown'}, ${memory}`,
    date: new Date().toISOString().slice(0, 10),
    commit: await findCommit(),
  };
}

export function describeOrigin({ machine, date, commit }: Origin): string {
  return `${date}, commit ${commit}. ${machine}.`;
}

/** Changes elsewhere, such as to the committed results, make no other product of it. */
async function findCommit(): Promise<string> {
  try {
    const commit = (await run('git', 'rev-parse', '--short', 'HEAD')).trim();
    const changes = await run('git', 'status', '--porcelain', '--', ...MEASURED);
    return changes === '' ? commit : `${commit} with changes`;
  } catch {
    return 'unknown';
  }
}

const MEASURED = ['src', 'config', 'scripts', 'package-lock.json', 'test/bench', ':!test/bench/results'];
