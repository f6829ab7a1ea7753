import { readFileSync } from 'node:fs';
import type { JobName } from '../../../src/jobs/index.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from '../../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../../support/daemon-process.js';

/** An appliance and its daemon, on which rows are tried. */
export interface Stand {
  readonly appliance: TestAppliance;
  /** Directory of the built product. */
  readonly product: string;
  /** The one that was started last; see {@link isServing}. */
  readonly daemon: DaemonProcess;
  /** What must never be printed, logged or seen in a process list, by name. */
  readonly secrets: Map<string, string>;
  /** What others could see of it while something was tried on it, beside what it prints and keeps. */
  readonly seen: Seen;
  /** What its daemons and their runners have printed so far. */
  printed(): string;
  /** Takes a line for one that its daemon or a runner has printed. */
  take(line: string): void;
  /** Tells of each stage of a job from now on. @returns ends it */
  onStage(listener: (event: StageEvent) => void): () => void;
  isServing(): boolean;
  /** Starts a second daemon on the appliance, which the caller ends. What it prints counts as the stand's. */
  startSecond(): Promise<DaemonProcess>;
  /** Starts another daemon; one that still runs is killed first. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Seen {
  /** How its processes were called. */
  readonly commandLines: Set<string>;
  /** Texts of answers, but for those that are to tell what is secret. */
  readonly answers: Set<string>;
}

export interface StageEvent {
  readonly job: JobName;
  readonly stage: string;
  /** The runner's. */
  readonly pid: number;
}

export interface StandOptions {
  /** For `admind.json`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called before the daemon starts. */
  readonly prepare?: (appliance: TestAppliance) => Promise<void>;
  /** Called when its root has been made, before anything that the daemon needs. @returns takes back what it has mounted */
  readonly furnish?: (appliance: TestAppliance) => () => void;
  /** The directory in which the root of the appliance is made, if it must be a certain file system. */
  readonly parent?: string;
  /** Default: this one. */
  readonly product?: string | undefined;
  /** A program with its arguments that starts the daemon. */
  readonly prefix?: readonly string[];
}

export async function openStand({
  settings,
  prepare,
  furnish,
  parent,
  product = '.',
  prefix = [],
}: StandOptions = {}): Promise<Stand> {
  const appliance = await createAppliance({ logLevel: 'debug', ...settings }, parent);
  const listeners = new Set<(event: StageEvent) => void>();
  let printed = '';
  const onLine = (line: string) => {
    printed += `${line}\n`;
    if (!line.includes('"msg":"stage"')) return;
    for (const listener of listeners) listener(JSON.parse(line) as StageEvent);
  };
  const takeBack = furnish?.(appliance);
  const remove = async () => {
    takeBack?.();
    await appliance.remove();
  };
  const start = () => startDaemonProcess(appliance, { product, prefix, onLine });
  try {
    await appliance.write(appliance.paths.apiToken, TOKEN);
    await appliance.write(appliance.paths.endpointConfiguration, EVERYTHING);
    await prepare?.(appliance);
    let daemon = await start();
    return {
      appliance,
      product,
      get daemon() {
        return daemon;
      },
      secrets: new Map([
        ['the token', TOKEN],
        ['the update key', readFileSync(appliance.paths.updatesKey, 'utf8').trim()],
      ]),
      seen: { commandLines: new Set(), answers: new Set() },
      printed: () => printed,
      take: onLine,
      onStage(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      isServing: () => isRunning(daemon),
      startSecond: start,
      async restart() {
        if (isRunning(daemon)) await daemon.kill('SIGKILL');
        daemon = await start();
      },
      async close() {
        if (isRunning(daemon)) await daemon.kill('SIGTERM');
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function isRunning({ process: { exitCode, signalCode } }: DaemonProcess): boolean {
  return exitCode === null && signalCode === null;
}
