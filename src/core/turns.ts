/** Runs a task when those before it have ended, however they did. */
export type TakeTurns = <T>(task: () => Promise<T>) => Promise<T>;

/** For tasks that would otherwise contend with each other in this process. */
export function createTurns(): TakeTurns {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task);
    last = next.catch(() => undefined);
    return next;
  };
}
