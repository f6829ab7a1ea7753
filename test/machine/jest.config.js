// `npm run test:appliance`: the tests that boot a machine. `npm test` leaves them out.
import { readFileSync } from 'node:fs';

const { jest } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export default {
  ...jest,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/machine/**/*.test.ts'],
  // An emulated machine takes minutes for each power cut.
  testPathIgnorePatterns: process.env.ADMIND_POWER_CUT ? ['/node_modules/'] : ['/node_modules/', 'power-cut'],
  // A machine has the memory and the processors of this one: two at once would only wait for each other.
  maxWorkers: 1,
  testTimeout: 180_000,
};
