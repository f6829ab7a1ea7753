import { readFile } from 'node:fs/promises';
import { repeatFromNow } from '../../src/core/repeat.js';

const KIB_PER_MIB = 1024;

/** @returns MiB: `VmRSS` is what a process holds now, `VmHWM` the most that it has held */
export async function residentMemory(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kib) / KIB_PER_MIB;
}

/** @returns what the work resolved with, and the most resident memory seen meanwhile, in MiB */
export async function mostMemoryDuring<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<readonly [T, number]> {
  let most = 0;
  const sample = async () => {
    most = Math.max(most, await residentMemory(pid, 'VmRSS'));
  };
  const stop = repeatFromNow(SAMPLE_INTERVAL_MS, sample, () => undefined);
  try {
    const result = await work();
    return [result, most];
  } finally {
    await stop();
  }
}

const SAMPLE_INTERVAL_MS = 100;
