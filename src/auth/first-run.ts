import { isFirstRunPending } from '../appliance/api-token.js';
import type { AppContext } from '../context.js';

/** What each error answer tells of the first run: whether it is pending; undefined where none is configured. */
export function tellFirstRun({ gate, paths }: Pick<AppContext, 'gate' | 'paths'>): boolean | undefined {
  if (gate.firstRun === undefined) return undefined;
  try {
    return isFirstRunPending(paths);
  } catch {
    return true;
  }
}
