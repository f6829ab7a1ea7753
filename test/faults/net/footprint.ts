import { readdirSync, readFileSync } from 'node:fs';

/** What a process holds at this moment. */
export interface Footprint {
  readonly descriptors: number;
  readonly residentBytes: number;
}

export function footprintOf(pid: number): Footprint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    residentBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024,
  };
}
