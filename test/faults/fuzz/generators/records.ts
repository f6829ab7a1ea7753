import fc from 'fast-check';
import { damaged } from './damaged.js';
import { objectOf, odd } from './json.js';

const status = objectOf({
  status: fc.constantFrom('running', 'success', 'failed'),
  percentage: fc.integer({ min: -1, max: 101 }),
});
const journal = objectOf({
  isCommitted: fc.boolean(),
  note: odd,
  entries: fc.array(
    fc.record({ file: fc.string(), staged: fc.string(), old: fc.option(fc.string(), { nil: undefined }) }),
    { maxLength: 3 },
  ),
});
const command = fc.record(
  {
    file: fc.oneof(fc.constant('debug-1.log'), odd),
    command: fc.oneof(fc.constant('ps'), odd),
    exitStatus: fc.oneof(fc.nat(255), odd),
    signal: fc.oneof(fc.constant('SIGKILL'), odd),
    timedOut: fc.oneof(fc.boolean(), odd),
  },
  { requiredKeys: [] },
);
const manifest = objectOf({ commands: fc.array(command, { maxLength: 3 }) });
const lines = fc
  .array(
    fc.oneof(fc.constantFrom('app', '.', '..', '/data', 'a/../b', '', '[1][A] text', 'failed'), fc.string()),
  )
  .map((all) => all.join('\n'));

/** What jobs and their scripts leave: status, journal, log, and the manifest of a bundle. */
export const records = damaged(fc.oneof(status, journal, manifest, lines));

const path = fc.constantFrom('d', 'd/a', 'd/b', '.', './d', 'd/', '..', 'd/../..', '/tmp', 'e', 'd\0', '');
const attributes = fc.record({
  mode: fc.oneof(fc.integer({ min: -1, max: 0o10000 }), odd),
  uid: fc.oneof(fc.constant(0), odd),
  gid: fc.oneof(fc.constant(0), odd),
  mtimeMs: fc.oneof(fc.constant(0), odd),
});
const step = fc.oneof(
  fc.record({ path, number: fc.integer({ min: -1, max: 3 }) }),
  fc.record({ path, attributes }),
  odd,
);

/** The steps of a replacement, one a line. */
export const steps = damaged(
  fc.array(step, { maxLength: 8 }).map((all) => all.map((one) => `${JSON.stringify(one)}\n`).join('')),
);
