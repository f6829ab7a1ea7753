import { statfs } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';

export interface HostUsage {
  /** Bytes of the file system that holds the given path. */
  readonly disk: { readonly used: number; readonly total: number };
  /** Bytes; used without caches and buffers. */
  readonly memory: { readonly used: number; readonly total: number };
  readonly cpus: number;
  /** Load averages of 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number];
}

/** It takes its time. */
export const loadSystemInformation = () => import('systeminformation');

export async function readHostUsage(path: string): Promise<HostUsage> {
  const { default: si } = await loadSystemInformation();
  const [memory, disk] = await Promise.all([si.mem(), diskUsage(path)]);
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    disk,
    memory: { used: memory.active, total: memory.total },
    cpus: cpus().length,
    load: [one, five, fifteen],
  };
}

/** By statfs(2), since the appliance may have no `df` for systeminformation to ask. */
async function diskUsage(path: string): Promise<HostUsage['disk']> {
  const { blocks, bfree, bavail, bsize } = await statfs(path);
  const used = (blocks - bfree) * bsize;
  return { used, total: used + bavail * bsize };
}
