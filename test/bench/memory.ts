import { readFile } from 'node:fs/promises';

const KIB_PER_MIB = 1024;

/** @returns MiB: `VmRSS` is what a process holds now, `VmHWM` the most that it has held */
export async function residentMemory(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kib) / KIB_PER_MIB;
}
