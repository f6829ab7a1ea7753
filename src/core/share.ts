/** Runs a task, or joins the run of the same key that is under way. */
export type Share<T> = (key: string, task: () => Promise<T>) => Promise<T>;

/** Lets everyone who asks for the same at the same time share one run of the work. */
export function createShare<T>(): Share<T> {
  const running = new Map<string, Promise<T>>();
  return (key, task) => {
    const current = running.get(key);
    if (current) return current;
    const next = task().finally(() => running.delete(key));
    running.set(key, next);
    return next;
  };
}
