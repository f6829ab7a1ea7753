/** What the first byte of an input for the package envelope may say that the others are. */
export const ENVELOPE_FORMS = ['a file', 'outer tar', 'well made'] as const;

export function inForm(form: (typeof ENVELOPE_FORMS)[number], bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([ENVELOPE_FORMS.indexOf(form)]), bytes]);
}
