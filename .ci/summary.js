// Prints the closing line of reports of jest and of the fault campaign: `N passed, N failed`. What was run once more, in a
// later report, counts as it ended then; what failed before and passed then is named.
import { readFileSync } from 'node:fs';

const outcomes = new Map();
for (const file of process.argv.slice(2)) {
  for (const { name, ...outcome } of outcomesOf(JSON.parse(readFileSync(file, 'utf8')))) {
    if (outcomes.get(name)?.failed > 0 && outcome.failed === 0) process.stdout.write(`UNSTABLE ${name}\n`);
    outcomes.set(name, outcome);
  }
}
const sum = (count) => [...outcomes.values()].reduce((total, outcome) => total + outcome[count], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);

function outcomesOf({ testResults = [], results = [] }) {
  return [
    ...testResults.map(({ name, status, assertionResults }) => {
      const count = (wanted) => assertionResults.filter((result) => result.status === wanted).length;
      // A file that could not be run has no results of its own.
      const failed = Math.max(count('failed'), status === 'failed' ? 1 : 0);
      return { name, passed: count('passed'), failed };
    }),
    // Rows that missed have neither passed nor failed.
    ...results.map(({ group, survived, lost }) => ({ name: group, passed: survived, failed: lost.length })),
  ];
}
