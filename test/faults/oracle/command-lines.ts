import { readdirSync } from 'node:fs';
import { commandOf, parentOf } from '../stand/children.js';
import type { Stand } from '../stand/stand.js';

/** A script that is over sooner is seen when its stage begins, if at all. */
const LOOK_MS = 20;

/**
 * Takes down how the stand's daemon and everything that starts from now on below it are called, as anyone on the machine
 * could read it.
 *
 * @returns ends it
 */
export function watchCommandLines(stand: Pick<Stand, 'daemon' | 'onStage' | 'seen'>): () => void {
  const others = new Set(processes());
  const own = new Set<number>();
  const look = () => {
    own.add(stand.daemon.process.pid ?? 0);
    for (const pid of processes()) {
      if (others.has(pid) && !own.has(pid)) continue;
      (own.has(parentOf(pid) ?? 0) ? own : others).add(pid);
      if (own.has(pid)) stand.seen.commandLines.add(commandOf(pid));
    }
  };
  const forget = stand.onStage(({ pid }) => {
    // Also one that another process has started.
    own.add(pid);
    look();
  });
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    forget();
  };
}

/** In the order of their numbers, so that mostly a parent comes before its children. */
function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}
