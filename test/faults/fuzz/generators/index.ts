import type fc from 'fast-check';
import { certificates } from './certificates.js';
import { configuration } from './configuration.js';
import { envelope } from './packages.js';
import { records, steps } from './records.js';

/** By their targets: inputs that follow the format far enough to get beyond its first checks. */
export const GENERATORS: Readonly<Record<string, fc.Arbitrary<Buffer>>> = {
  certificates,
  configuration,
  envelope,
  records,
  'tree-change': steps,
};
