// Prints the closing line of reports of jest and of the fault campaign: `N passed, N failed`. A suite that could not run
// counts as failed.
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (count) => reports.reduce((total, report) => total + count(report), 0);
const groups = ({ results = [] }) => results;
const passed = sum(
  (report) =>
    (report.numPassedTests ?? 0) + groups(report).reduce((rows, { survived }) => rows + survived, 0),
);
const failed = sum(
  (report) =>
    (report.numFailedTests ?? 0) +
    (report.numRuntimeErrorTestSuites ?? 0) +
    groups(report).reduce((rows, { lost }) => rows + lost.length, 0),
);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
