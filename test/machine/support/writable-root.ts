import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, command } from './command.js';

/** A system's root that a test may write: what it changes lies apart from the root that it was made from. */
export interface WritableRoot {
  readonly path: string;
  /** For what the test itself needs, outside the machine. */
  readonly workspace: string;
  remove(): Promise<void>;
}

/** @param base stays as it is */
export async function writableRoot(base: string): Promise<WritableRoot> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-machine-'));
  const at = (name: string) => join(directory, name);
  for (const name of ['root', 'changes', 'overlay', 'workspace']) await mkdir(at(name));
  const layers = `lowerdir=${base},upperdir=${at('changes')},workdir=${at('overlay')}`;
  const mounted = await attempt('mount', ['-t', 'overlay', '-o', layers, 'overlay', at('root')]);
  const isMounted = mounted.code === 0;
  // An overlay cannot lie on another one, as it would in many containers.
  if (!isMounted) await command('cp', ['-a', '--reflink=auto', `${base}/.`, at('root')]);
  return {
    path: at('root'),
    workspace: at('workspace'),
    remove: async () => {
      if (isMounted) await command('umount', ['--lazy', at('root')]);
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
