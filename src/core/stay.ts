const TICK_MS = 60_000;

/** Keeps this process from ending before `work` has: what it waits for may be nothing that does. */
export async function stayUntil<T>(work: Promise<T>): Promise<T> {
  const stay = setInterval(() => undefined, TICK_MS);
  try {
    return await work;
  } finally {
    clearInterval(stay);
  }
}
