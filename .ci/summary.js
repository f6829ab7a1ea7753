// Prints the closing line of jest reports: `N passed, N failed`. A suite that could not run counts as failed.
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (count) => reports.reduce((total, report) => total + count(report), 0);
const passed = sum((report) => report.numPassedTests);
const failed = sum((report) => report.numFailedTests + report.numRuntimeErrorTestSuites);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
