import type { Random } from '../random.js';
import type { Moment } from './trial.js';

export interface NamedMoment {
  readonly name: string;
  /** @param shortestMs what the job takes at least: what is drawn beyond its end hits nothing */
  at(shortestMs: number): Moment;
}

/** Every stage of a job, and some moments by chance. */
export function momentsOf(
  stages: readonly string[],
  random: Random,
  byChance: number,
): [NamedMoment, ...NamedMoment[]] {
  const drawn = Array.from({ length: byChance }, () => random.next());
  const moments = [
    ...[...new Set(stages)].map((stage) => ({ name: `at ${stage}`, at: () => ({ stage, afterMs: 0 }) })),
    ...drawn.map((part) => ({
      name: `at ${Math.round(part * 100)} % of its time`,
      at: (shortestMs: number) => ({ afterMs: part * shortestMs }),
    })),
  ];
  const [first, ...others] = moments;
  if (first === undefined) throw new Error('a job without stages');
  return [first, ...others];
}
