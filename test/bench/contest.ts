export interface Pair<T> {
  readonly product: T;
  readonly peer: T;
}

/** Each call does the work once and resolves with what was measured. */
export type Contest<Figures = number> = Pair<() => Promise<Figures>>;

/** Lets both do the work, one after the other and each round in the other order, so that what drifts meets both. */
export async function play<Figures>(
  contest: Contest<Figures>,
  rounds: number,
  tell: (round: Pair<Figures>, count: number) => void,
): Promise<readonly Pair<Figures>[]> {
  const played: Pair<Figures>[] = [];
  while (played.length < rounds) {
    const isProductFirst = played.length % 2 === 0;
    const first = await contest[isProductFirst ? 'product' : 'peer']();
    const second = await contest[isProductFirst ? 'peer' : 'product']();
    const round = isProductFirst ? { product: first, peer: second } : { product: second, peer: first };
    tell(round, played.push(round));
  }
  return played;
}

/** The contest with another figure, made from what was measured. */
export function asFigure<From, To>(
  { product, peer }: Contest<From>,
  convert: (figures: From) => To,
): Contest<To> {
  return {
    product: async () => convert(await product()),
    peer: async () => convert(await peer()),
  };
}
