/** The note of a change that belongs to no job: whoever finds it committed has no success to publish. */
export const NOTHING_TO_TELL = null;

/**
 * A change of several things on disk that takes effect as a whole: until it is committed it can be undone, also by
 * another process after a crash or a power cut.
 */
export interface Change {
  /** Of a change that was found: whether its maker got as far as the commit. */
  readonly isCommitted: boolean;
  /** What was noted last; of a change that was found. */
  readonly note: unknown;
  /** Keeps a note with a change that is not committed, as {@link commit} does with one that is. */
  annotate(note: unknown): Promise<void>;
  /**
   * The point of no return. One that fails may be found as committed or not; {@link putBack} settles that.
   *
   * @param note JSON that whoever finds the change shall know; {@link NOTHING_TO_TELL} where no job's status is to tell of it
   */
  commit(note: unknown): Promise<void>;
  /**
   * Puts everything back, unless the change is committed. May be called again, after a failure and after a success: until it is
   * closed, whoever finds the change does so.
   *
   * @returns for the log: what is not put back, since nothing tells any more how; undefined when all is
   * @throws the system error that kept anything from being put back
   */
  putBack(): Promise<string | undefined>;
  /** Forgets a change that is committed, or put back. */
  close(): Promise<void>;
}
