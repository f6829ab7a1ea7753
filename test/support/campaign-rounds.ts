/** Rounds of tests that draw moments by chance: a few by default, `ADMIND_CAMPAIGN=100` for a hundred. */
export const CAMPAIGN_ROUNDS = Number(process.env.ADMIND_CAMPAIGN ?? 4);
