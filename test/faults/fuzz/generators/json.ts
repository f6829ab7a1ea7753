import fc from 'fast-check';

/** Names that mean something to objects of the language. */
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'toJSON',
  'length',
  '',
];

const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 0, -1, 1, 64, 65, 1e308, -0.5, 8443, 65_536, 2 ** 53),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
/** Any value, also objects that no longer can be made a text. */
export const odd: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    { weight: 3, arbitrary: leaf },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...ODD_NAMES), fc.string({ maxLength: 8 })), tie('value'), {
      maxKeys: 3,
    }),
  ),
})).value;

/** The text of an object: of these names most have a value of their kind, others come in, and some come twice. */
export function objectOf(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<string> {
  const known = Object.entries(fields).map(([name, right]) =>
    fc.oneof({ weight: 4, arbitrary: right }, odd).map((value) => [name, value] as const),
  );
  const other = fc.tuple(fc.oneof(fc.constantFrom(...ODD_NAMES), fc.string({ maxLength: 8 })), odd);
  const member = fc.oneof({ weight: 6, arbitrary: fc.oneof(...known) }, other);
  return fc
    .array(member, { maxLength: 8 })
    .map((all) => `{${all.map(([name, value]) => `${JSON.stringify(name)}:${text(value)}`).join(',')}}`);
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
