import { workDirectories, type Paths } from '../config/paths.js';
import { exists } from '../system/exists.js';
import { makeDirectory } from '../system/make-directory.js';
import { secureOwnership } from './ownership.js';
import { showLocks } from './show-locks.js';

/**
 * Makes those of the product's directories that were removed since the appliance was prepared, as they were then. An update
 * script may remove one, or an administrator, and the audit log with it. Not the vendor's: one that is about to be renamed into
 * its place would go into it.
 *
 * @param report is told what could not be made: who needs it finds it missing, and others may not need it
 */
export async function remakeDirectories(paths: Paths, report: (error: unknown) => void): Promise<void> {
  // A daemon that holds no rights can append to its audit log, and not make it.
  let isMissing = !(await exists(paths.auditLog).catch(report));
  for (const directory of workDirectories(paths)) {
    if (await exists(directory).catch(report)) continue;
    isMissing = true;
    await makeDirectory(directory).catch(report);
  }
  if (!isMissing) return;
  await showLocks(paths).catch(report);
  await secureOwnership(paths, report).catch(report);
}
