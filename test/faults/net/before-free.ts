const TRIES = 5;

/**
 * Guesses become free again as time passes, so what a throttle must refuse it must only within the time of one guess. What
 * took longer and failed proves nothing, and is tried again from an address that has not guessed yet.
 *
 * @param act told which try it is, from 0, for an address of its own
 * @returns whether one of the tries proved something; what they threw in time they are lost for
 */
export async function beforeOneIsFree(
  guessesPerMinute: number,
  act: (attempt: number) => Promise<void>,
): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const began = performance.now();
    try {
      await act(attempt);
      return true;
    } catch (error) {
      if (performance.now() - began < 60_000 / guessesPerMinute) throw error;
    }
  }
  return false;
}
