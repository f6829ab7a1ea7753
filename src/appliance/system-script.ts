import { productPath, type Paths } from '../config/paths.js';
import { privileged } from '../system/privilege.js';
import type { ScriptCall } from '../system/script.js';
import { scriptEnvironment } from './script-environment.js';

/** One of the product's system scripts (`scripts/<name>`), with the privilege and the environment that it needs. */
export function systemScript(
  paths: Paths,
  name: string,
  args: readonly string[] = [],
): Pick<ScriptCall, 'command' | 'cwd' | 'env'> {
  const env = scriptEnvironment(paths);
  const [program, ...rest] = privileged(productPath('scripts', name), env, paths.root !== undefined);
  return { command: [program, ...rest, ...args], cwd: paths.admin, env };
}
