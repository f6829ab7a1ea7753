// `npm run test:appliance`: the tests that boot a machine. `npm test` leaves them out.
import { readFileSync } from 'node:fs';

const { jest } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export default {
  ...jest,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/machine/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // A machine has the memory and the processors of this one: two at once would only wait for each other.
  maxWorkers: 1,
  testTimeout: 180_000,
};
