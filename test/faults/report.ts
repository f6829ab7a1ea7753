import { tmpdir } from 'node:os';
import { describeOrigin, type Origin } from '../support/origin.js';
import { markdownTable } from '../support/markdown-table.js';
import { latestOf, readResults, writeResults } from '../support/report-directory.js';
import { count, partName, type GroupResult } from './campaign.js';
import { allJobs } from './jobs-of.js';

/** How a group or a part of it ended, and of what product, on which machine. */
export interface ReportedGroup extends GroupResult {
  readonly origin: Origin;
  readonly seed: number;
}

/**
 * Results replace earlier ones of the same group and job: a campaign in full can be made in parts. A group is kept whole or
 * in parts, as it ran last.
 *
 * @param names of the groups, in their order
 */
export async function updateReport(
  directory: string,
  groups: readonly ReportedGroup[],
  names: readonly string[],
): Promise<void> {
  const earlier = (await readResults<readonly ReportedGroup[]>(directory)) ?? [];
  const isMixed = (old: ReportedGroup) =>
    groups.some(({ group, job }) => group === old.group && (job === undefined) !== (old.job === undefined));
  const left = earlier.filter((old) => !isMixed(old));
  const merged = latestOf(names, [...left, ...groups.map(withoutMachine)], ({ group }) => group, partName);
  await writeResults(directory, merged, markdown(merged, names));
}

/** Reasons name files of the checkout, and temporary ones: where these lie says nothing to others. */
function withoutMachine(group: ReportedGroup): ReportedGroup {
  const places = [process.cwd(), tmpdir()];
  const shorten = (text: string) => places.reduce((left, place) => left.replaceAll(`${place}/`, ''), text);
  return { ...group, lost: group.lost.map(({ row, reason }) => ({ row, reason: shorten(reason) })) };
}

function markdown(groups: readonly ReportedGroup[], names: readonly string[]): string {
  const origins = [...new Set(groups.map(({ origin }) => describeOrigin(origin)))];
  const lost = groups.flatMap(({ group, lost: rows }) =>
    rows.map(({ row, reason }) => `- ${group}: ${row}: ${reason.split('\n', 1)[0] ?? ''}`),
  );
  return [
    '# Fault campaign',
    'Made by `npm run faults`, in full. A row that missed is one whose fault found nothing to hit.',
    ...origins,
    markdownTable(
      ['group', 'what', 'jobs', 'commit', 'seed', 'tried', 'survived', 'missed', 'lost', 'minutes'],
      names.flatMap((name) => rowOf(groups.filter(({ group }) => group === name))),
    ),
    `All in all: ${count(groups)}.`,
    ...(lost.length > 0 ? [`Lost:\n\n${lost.join('\n')}`] : []),
  ].join('\n\n');
}

/** All parts of a group in one row; none where there is none. */
function rowOf(parts: readonly ReportedGroup[]): string[][] {
  const [first] = parts;
  if (!first) return [];
  const sum = (of: (part: ReportedGroup) => number) => parts.reduce((total, part) => total + of(part), 0);
  const all = (of: (part: ReportedGroup) => string | number) => [...new Set(parts.map(of))].join(', ');
  const counts = [
    ...[sum(({ tried }) => tried), sum(({ survived }) => survived)],
    ...[sum(({ missed }) => missed.length), sum(({ lost }) => lost.length)],
  ];
  const minutes = (sum(({ seconds }) => seconds) / 60).toFixed(1);
  const jobs = parts.length === allJobs.length ? 'all' : all(({ job = '' }) => job);
  return [
    [
      ...[first.group, first.about, jobs, all(({ origin }) => origin.commit), all(({ seed }) => seed)],
      ...counts.map(String),
      minutes,
    ],
  ];
}
