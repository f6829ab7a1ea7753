/** What the first byte of an input for the package envelope may say that the others are. */
export const ENVELOPE_FORMS = ['a file', 'outer tar', 'well made'] as const;
