import { parseJson } from '../core/json.js';

/** What became of each command of a debug bundle: its `manifest.json`. */
export interface BundleManifest {
  /** Name and version of the program that made the bundle. */
  readonly madeBy: string;
  /** ISO 8601. */
  readonly madeAt: string;
  /** The appliance's own version. */
  readonly version: string | null;
  readonly commands: readonly CommandRecord[];
}

export interface CommandRecord {
  /** Holds what it printed: `debug-1.log`. */
  readonly file: string;
  readonly command: string;
  readonly startedAt: string;
  readonly durationMs: number;
  /** As the shell tells it: 128 and the number of the signal where one ended the command. */
  readonly exitStatus: number | null;
  readonly signal: string | null;
  /** Whether it was stopped for running too long. */
  readonly timedOut: boolean;
  readonly sizeBytes: number;
  /** Whether it printed more than was kept. */
  readonly truncated: boolean;
}

/** The commands that a manifest names as not having ended well; a bundle is foreign input, so each field may be missing. */
export function readManifest(
  text: string,
): { readonly count: number; readonly failed: readonly string[] } | undefined {
  const { commands } = parse(text);
  if (!Array.isArray(commands)) return undefined;
  const failed = commands.flatMap((record) => {
    const { file, command, exitStatus, signal, timedOut } = asObject(record);
    if (exitStatus === 0 && timedOut !== true) return [];
    const end =
      timedOut === true
        ? 'ran too long and was stopped'
        : typeof signal === 'string'
          ? `was ended by ${signal}`
          : `ended with status ${textOf(exitStatus)}`;
    return [`${textOf(file)} "${textOf(command)}" ${end}`];
  });
  return { count: commands.length, failed };
}

/** An object may be one that cannot be made a text. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? '?' : String(value);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(parseJson(text));
  } catch {
    return {};
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
