import type { JobName } from '../../../src/jobs/index.js';
import type { TestAppliance } from '../../support/appliance.js';

/** A job on which faults are tried: each round of it brings about a state of its own, by which it is told. */
export interface Subject {
  readonly job: JobName;
  /** False: what it has done when it is cut off stays, whatever its status says. */
  readonly isUndone: boolean;
  /** Its success is told before it is done, as nobody may be left to tell it after that. */
  readonly isToldBefore?: boolean;
  readonly request: SubjectRequest;
  /** What the appliance needs before its daemon starts; makes the state of round 0. */
  prepare(appliance: TestAppliance): Promise<void>;
  /**
   * Makes what the job of a round works on.
   *
   * @returns the files to send, by form field, and what of them is secret
   */
  make(appliance: TestAppliance, round: number): Promise<Material>;
  /** The round whose state the appliance is in. Throws when it is torn. */
  state(appliance: TestAppliance): Promise<number>;
  /** Throws when the daemon on that port does not go by the state of that round. */
  requireServed?(port: number, round: number): Promise<void>;
}

export interface SubjectRequest {
  readonly method: 'get' | 'post';
  /** Below the prefix of the API. */
  readonly path: string;
  /** Form fields that are no files. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface Material {
  readonly files?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}
