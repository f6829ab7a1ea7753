import type { PackageEntry, PackageReport } from '../package/inspect.js';
import { printable } from '../package/printable.js';

/** A package's report for people: facts first, then a list of the contents in the manner of `tar -tv`. */
export function formatReport(report: PackageReport): string {
  const { entries, entryCount } = report;
  const left = entryCount - entries.length;
  return [
    `derivation     ${report.derivation}`,
    `signature      ok`,
    `version        ${report.version ?? 'none (no version.txt)'}`,
    `update script  ${report.hasUpdateScript ? 'update.sh' : 'none (no update.sh)'}`,
    `package        ${report.packageBytes} bytes`,
    `archive        ${report.archiveBytes} bytes`,
    `extracted      ${report.totalBytes} bytes on disk, ${entryCount} entries`,
    '',
    ...entries.map(formatEntry),
    ...(left > 0 ? [`… and ${left} more`] : []),
  ].join('\n');
}

/** The same as one line. */
export function formatVerdict({ version, derivation, entryCount, totalBytes }: PackageReport): string {
  const name = version === undefined ? 'no version' : `version ${version}`;
  return `OK ${name}, ${derivation}, ${entryCount} entries, ${totalBytes} bytes on disk`;
}

function formatEntry({ type, path, mode, sizeBytes, mtime }: PackageEntry): string {
  const isValid = mtime !== undefined && Number.isFinite(mtime.getTime());
  const time = isValid ? mtime.toISOString().slice(0, 16).replace('T', ' ') : '-'.padEnd(16);
  const name = printable(path === '' ? '.' : path);
  return `${permissions(type, mode)} ${String(sizeBytes).padStart(12)} ${time} ${name}${type === 'directory' ? '/' : ''}`;
}

function permissions(type: PackageEntry['type'], mode: number): string {
  const letters = Array.from('rwxrwxrwx', (letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-'));
  return `${type === 'directory' ? 'd' : '-'}${letters.join('')}`;
}
