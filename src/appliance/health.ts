import { readableSize } from '../core/readable-size.js';
import { writeFileAtomic } from '../system/atomic-file.js';
import { readHostUsage } from '../system/host-usage.js';

/** `etc/health.json`, in the shape of the API documentation. */
export interface Health {
  readonly disk: Usage;
  readonly memory: Usage;
  readonly cpu: {
    readonly num: number;
    /** Load averages of 1, 5 and 15 minutes. */
    readonly load: string;
    /** Whole part of the 5 minutes' load: dashboards warn when it reaches `num`. */
    readonly cpu5min: number;
  };
}

interface Usage {
  readonly used: string;
  readonly total: string;
  readonly percentage: number;
}

/** @param path the file system to report is the one that holds it */
export async function writeHealth(file: string, path: string): Promise<void> {
  await writeFileAtomic(file, JSON.stringify(await readHealth(path)), { mode: 0o644 });
}

async function readHealth(path: string): Promise<Health> {
  const { disk, memory, cpus, load } = await readHostUsage(path);
  return {
    disk: usage(disk, readableSize),
    memory: usage(memory, mebibytes),
    cpu: {
      num: cpus,
      load: load.map((average) => average.toFixed(2)).join(', '),
      cpu5min: Math.floor(load[1]),
    },
  };
}

function usage(bytes: { used: number; total: number }, format: (bytes: number) => string): Usage {
  const percentage = bytes.total === 0 ? 0 : Math.round((bytes.used / bytes.total) * 100);
  return { used: format(bytes.used), total: format(bytes.total), percentage };
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}M`;
}
