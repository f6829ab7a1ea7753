import { join } from 'node:path';
import { printable } from '../core/printable.js';
import type { OpenedBundle } from '../package/open-bundle.js';

const LINE_LIMIT = 300;

/** What was written where, what was left out, and which of the commands did not end well. */
export function formatBundle({ padding, archives, commands }: OpenedBundle, directory: string): string {
  const written = Object.entries(archives).map(
    ([name, { fileCount, sizeBytes }]) =>
      `${name.padEnd(8)}  ${join(directory, name)}: ${fileCount} ${fileCount === 1 ? 'file' : 'files'}, ${sizeBytes} bytes`,
  );
  const leftOut = Object.entries(archives).flatMap(([name, archive]) => [
    ...archive.leftOut.map((entry) => `left out  ${name}: ${printable(entry, LINE_LIMIT)}`),
    ...(archive.leftOutCount > archive.leftOut.length
      ? [`left out  ${name}: … and ${archive.leftOutCount - archive.leftOut.length} more`]
      : []),
  ]);
  return [`key       ${padding}`, ...written, ...formatCommands(commands), ...leftOut].join('\n');
}

function formatCommands(commands: OpenedBundle['commands']): readonly string[] {
  if (!commands) return ['commands  no manifest'];
  const { count, failed } = commands;
  return [
    `commands  ${count}, ${failed.length} failed`,
    ...failed.map((line) => `failed    ${printable(line, LINE_LIMIT)}`),
  ];
}
