/** Ends a task that is repeated, or run later; resolves when the round that is under way is over. */
export type StopRepeating = () => Promise<void>;

/**
 * Runs `task` every `intervalMs`, never two rounds at once. A round that fails is reported and does not end the
 * repetition. The timer alone does not keep the process alive.
 */
export function repeat(
  intervalMs: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
): StopRepeating {
  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    round ??= task()
      .catch(onError)
      .finally(() => {
        round = undefined;
      });
  }, intervalMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}

/** Runs `task` once, after a time, unless it is ended before. The timer alone does not keep the process alive. */
export function runLater(
  delayMs: number,
  task: () => Promise<unknown>,
  onError: (error: unknown) => void,
): StopRepeating {
  let round: Promise<unknown> | undefined;
  const timer = setTimeout(() => {
    round = task().catch(onError);
  }, delayMs);
  timer.unref();
  return async () => {
    clearTimeout(timer);
    await round;
  };
}

/** As {@link repeat}, with a first round at once. */
export function repeatFromNow(
  intervalMs: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
): StopRepeating {
  const first = task().catch(onError);
  const stop = repeat(intervalMs, task, onError);
  return async () => {
    await first;
    await stop();
  };
}

/** Runs a task every `intervalMs` until it has succeeded once; of failures nothing is said. As {@link repeat} else. */
export function repeatUntilDone(intervalMs: number, task: () => Promise<void>): void {
  const stop = repeat(
    intervalMs,
    async () => {
      await task();
      void stop();
    },
    () => undefined,
  );
}
