import { describeOrigin, type Origin } from '../support/origin.js';
import { markdownTable } from '../support/markdown-table.js';
import { latestOf, readResults, writeResults } from '../support/report-directory.js';
import { count, type GroupResult } from './campaign.js';

/** How a group ended, and of what product, on which machine. */
export interface ReportedGroup extends GroupResult {
  readonly origin: Origin;
  readonly seed: number;
}

/** Groups replace earlier ones: a campaign in full can be made in parts. @param names in their order */
export async function updateReport(
  directory: string,
  groups: readonly ReportedGroup[],
  names: readonly string[],
): Promise<void> {
  const earlier = (await readResults<readonly ReportedGroup[]>(directory)) ?? [];
  const merged = latestOf(names, [...earlier, ...groups], ({ group }) => group);
  await writeResults(directory, merged, markdown(merged));
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
      groups.map(({ group, about, origin, seed, tried, survived, missed, lost: rows, seconds }) => [
        ...[group, about, origin.commit, seed, tried, survived, missed.length, rows.length].map(String),
        (seconds / 60).toFixed(1),
      ]),
    ),
    `All in all: ${count(groups)}.`,
    ...(lost.length > 0 ? [`Lost:\n\n${lost.join('\n')}`] : []),
  ].join('\n\n');
}
