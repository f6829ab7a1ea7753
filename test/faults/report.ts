import { describeOrigin, type Origin } from '../support/origin.js';
import { markdownTable } from '../support/markdown-table.js';
import { readResults, writeResults } from '../support/report-directory.js';
import { count, type GroupResult } from './campaign.js';

/** How a group ended, and of what product, on which machine. */
export interface ReportedGroup extends GroupResult {
  readonly origin: Origin;
  readonly seed: number;
  /** Of a group that was made in parts: the jobs of this one. */
  readonly jobs?: readonly string[] | undefined;
}

/**
 * Groups and parts of groups replace earlier ones: a campaign in full can be made in parts.
 *
 * @param names of the groups, in their order
 */
export async function updateReport(
  directory: string,
  groups: readonly ReportedGroup[],
  names: readonly string[],
): Promise<void> {
  const earlier = (await readResults<readonly ReportedGroup[]>(directory)) ?? [];
  const kept = earlier.filter((old) => !groups.some((group) => replaces(group, old)));
  const rank = ({ group }: ReportedGroup) => names.indexOf(group);
  const merged = [...kept, ...groups].sort(
    (one, other) => rank(one) - rank(other) || nameOf(one).localeCompare(nameOf(other)),
  );
  await writeResults(directory, merged, markdown(merged));
}

/** A part makes a whole one obsolete, as it is of another time. */
function replaces(group: ReportedGroup, old: ReportedGroup): boolean {
  if (group.group !== old.group) return false;
  return group.jobs === undefined || old.jobs === undefined || nameOf(group) === nameOf(old);
}

function nameOf({ group, jobs }: ReportedGroup): string {
  return jobs === undefined ? group : `${group} (${jobs.join(', ')})`;
}

function markdown(groups: readonly ReportedGroup[]): string {
  const origins = [...new Set(groups.map(({ origin }) => describeOrigin(origin)))];
  const lost = groups.flatMap(({ group, lost: rows }) =>
    rows.map(({ row, reason }) => `- ${group}: ${row}: ${reason.split('\n', 1)[0] ?? ''}`),
  );
  return [
    '# Fault campaign',
    'Made by `npm run faults`, each group in full. A row that missed is one whose fault found nothing to hit.',
    ...origins,
    markdownTable(
      ['group', 'what', 'commit', 'seed', 'tried', 'survived', 'missed', 'lost', 'minutes'],
      groups.map((group) => [
        ...[nameOf(group), group.about, group.origin.commit],
        ...[group.seed, group.tried, group.survived, group.missed.length, group.lost.length].map(String),
        (group.seconds / 60).toFixed(1),
      ]),
    ),
    `All in all: ${count(groups)}.`,
    ...(lost.length > 0 ? [`Lost:\n\n${lost.join('\n')}`] : []),
  ].join('\n\n');
}
