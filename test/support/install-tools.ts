import { run } from './run-program.js';
import { hasTool } from './tools.js';

/** Programs, and the Debian packages that bring them. */
export type Tools = Readonly<Record<string, string>>;

/** Installs what is missing. @throws Error that names what could not be installed, and how to */
export async function installTools(tools: Tools, print: (line: string) => void): Promise<void> {
  const missing = Object.keys(tools).filter((tool) => !hasTool(tool));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => tools[tool] ?? tool))];
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages];
  print(`Installing ${packages.join(', ')}`);
  try {
    await asRoot('apt-get', 'update', '-qq');
    await asRoot(...(install as [string, ...string[]]));
  } catch (error) {
    throw new Error(`${missing.join(', ')} missing and not to be installed here. Try: ${install.join(' ')}`, {
      cause: error,
    });
  }
}

function asRoot(program: string, ...args: readonly string[]): Promise<string> {
  return process.geteuid?.() === 0 ? run(program, ...args) : run('sudo', '-n', program, ...args);
}
