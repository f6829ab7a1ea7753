/** Runs `work`; of what it throws, only errors of these classes are its own. */
export async function only(
  classes: readonly (abstract new (...args: never[]) => Error)[],
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!classes.some((known) => error instanceof known)) throw error;
  }
}
