import type { JobName } from '../../src/jobs/index.js';
import type { Random } from './random.js';

/** Of a row that is not lost: `missed` where its fault came when there was nothing that it could hit, which proves nothing. */
export type Verdict = 'missed' | undefined;

/** One thing that is tried on an appliance: it survives, it missed, or it is lost and rejects with what was wrong. */
export interface Row {
  /** What is tried, when, and what goes wrong then: `update, at decrypt, runner killed`. */
  readonly name: string;
  run(): Promise<void> | Promise<Verdict>;
  /** What is missing here for it, in words: it counts as missed, and is not run. */
  readonly lacks?: string | undefined;
  /** After this it is lost; default: two minutes. */
  readonly limitMs?: number;
}

/** How much of a group is tried. */
export interface Extent {
  /** A few minutes for all groups together, for every run of CI. */
  readonly isShort: boolean;
  /** Everything that is drawn by chance comes from it: the same seed draws the same. */
  readonly random: Random;
  /** The jobs on which faults are tried; default: all. */
  readonly jobs?: readonly JobName[] | undefined;
  /** Only rows whose name matches are tried. */
  readonly rows?: RegExp | undefined;
  /** Directory of the built product that is tried; default: this one. */
  readonly product?: string | undefined;
}

/** Rows that have a fault in common. */
export interface Group {
  readonly name: string;
  /** One line: what is tried, and what is asked of the appliance. */
  readonly about: string;
  /** Whether it tries one job after the other, and nothing else: in full each of them is a part. */
  readonly isByJob?: boolean;
  /** Whether its rows have nothing in common, and no clock: as many are tried at once as there are processors. */
  readonly isIndependent?: boolean;
  /** What is missing here for it, in words; undefined where it can run. */
  lacks?(): string | undefined;
  /**
   * The rows, one after the other: the next one is made when the last one has run, so that a row can tell whether there is
   * another, but of an independent group. What a group has set up it takes down in `finally`, also when not all of its rows are taken.
   */
  rows(extent: Extent): Iterable<Row> | AsyncIterable<Row>;
}
