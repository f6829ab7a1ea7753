/**
 * A change of several things on disk that takes effect as a whole: until it is committed it can be undone, also by
 * another process after a crash or a power cut.
 */
export interface Change {
  /** Of a change that was found: whether its maker got as far as the commit. */
  readonly isCommitted: boolean;
  /** What the commit recorded; undefined before it. */
  readonly note: unknown;
  /**
   * The point of no return.
   *
   * @param note JSON that whoever finds the change shall know
   */
  commit(note: unknown): Promise<void>;
  /**
   * Puts everything back. Only before the commit; may be called again after a failure.
   *
   * @param whenBack what has to follow it, and follows it again where a crash or a failure kept the undo from its end. Told for
   *   the log what is not put back, since nothing tells any more how; undefined when all is
   */
  undo(whenBack?: (lost: string | undefined) => Promise<void>): Promise<void>;
  /** Drops what an undo would have needed. */
  close(): Promise<void>;
}
