import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { attributesOf, type Attributes } from './attributes.js';

/** The mode of a staged directory that shall be there as a directory: it replaces a file or link. */
export const STATED_DIRECTORY_MODE = 0o700;
/** The mode of one that is only passed through: there it must be missing or a directory. */
export const IMPLIED_DIRECTORY_MODE = 0o755;

/** One thing to do when a staged tree replaces what is in place. Paths are relative to both trees. */
export type TreeStep =
  /** Moves what is staged, a whole directory where there is none yet; `number` names what it replaces. */
  | { readonly path: string; readonly number: number }
  /** A directory in which things will be replaced, and what an undo gives it back. */
  | { readonly path: string; readonly attributes: Attributes };

/** Whether a line of a list that may be damaged is a step; none leads out of the trees. */
export function isTreeStep(value: unknown): value is TreeStep {
  const { path, number, attributes } = (value ?? {}) as Partial<
    Record<'path' | 'number' | 'attributes', unknown>
  >;
  if (typeof path !== 'string' || path === '' || path.startsWith('/')) return false;
  if (path.includes('\0') || path.split('/').includes('..')) return false;
  return Number.isSafeInteger(number) || (typeof attributes === 'object' && attributes !== null);
}

/** Something in place does not let the staged tree in; the message names it. */
export class TreeConflict extends Error {
  override readonly name = 'TreeConflict';
}

/**
 * The steps, parents first. Files of `target` that are not in `staged` stay. Nothing can be moved into another file
 * system at one stroke, so there may be none below `target` where something is staged.
 *
 * @throws TreeConflict
 */
export function* planTree(staged: string, target: string): Generator<TreeStep> {
  let number = 0;
  const { dev } = lstatSync(staged);
  const walk = function* (parent: string, isForeign: boolean): Generator<TreeStep> {
    for (const entry of readdirSync(join(staged, parent), { withFileTypes: true })) {
      const path = join(parent, entry.name);
      const there = lstatSync(join(target, path), { throwIfNoEntry: false });
      if (entry.isDirectory() && there?.isDirectory() === true) {
        yield { path, attributes: attributesOf(there) };
        yield* walk(path, there.dev !== dev);
        continue;
      }
      if (entry.isDirectory() && there) requireStated(staged, path);
      if (isForeign)
        throw new TreeConflict(`"${path}" lies in another file system, which is mounted in place`);
      yield { path, number: number++ };
    }
  };
  yield* walk('', false);
}

function requireStated(staged: string, path: string): void {
  if ((lstatSync(join(staged, path)).mode & 0o777) === STATED_DIRECTORY_MODE) return;
  throw new TreeConflict(`"${path}" is needed as a directory, but is a file or a link in place`);
}
