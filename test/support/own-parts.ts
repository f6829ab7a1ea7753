import type { Paths } from '../../src/config/paths.js';
import { readSettings } from '../../src/config/settings.js';
import { createLogger } from '../../src/core/logger.js';
import { createOwnOperations } from '../../src/operations/own.js';

/** What an action needs in a process that has the rights to do everything itself. */
export function ownParts(paths: Paths, logger = createLogger('silent')) {
  const parts = { paths, settings: readSettings(paths.settings), logger };
  return { ...parts, operations: createOwnOperations(parts) };
}
