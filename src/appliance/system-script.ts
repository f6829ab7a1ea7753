import { productPath, type Paths } from '../config/paths.js';
import type { ScriptCall } from '../system/script.js';
import { scriptEnvironment } from './script-environment.js';

/** One of the product's system scripts (`scripts/<name>`), with the environment that it needs. */
export function systemScript(
  paths: Paths,
  name: string,
  args: readonly string[] = [],
): Pick<ScriptCall, 'command' | 'cwd' | 'env'> {
  return {
    command: [productPath('scripts', name), ...args],
    cwd: paths.admin,
    env: scriptEnvironment(paths),
  };
}
