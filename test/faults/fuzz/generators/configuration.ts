import fc from 'fast-check';
import { readSchema } from '../../../../src/config/schema-file.js';
import { damaged } from './damaged.js';
import { objectOf } from './json.js';

interface Property {
  readonly type?: string;
  readonly enum?: readonly [unknown, ...unknown[]];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** About what the schema lets in, and what is just beyond it. */
function valueOf({ type, enum: allowed, minimum = 0, maximum = 100_000 }: Property): fc.Arbitrary<unknown> {
  if (allowed) return fc.constantFrom(...allowed);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return fc.integer({ min: minimum - 1, max: maximum + 1 });
  return fc.oneof(fc.string({ maxLength: 70 }), fc.constantFrom('127.0.0.1', '::', 'SYSTEM'));
}

const settings = Object.entries(readSchema('admind').properties as Readonly<Record<string, Property>>);
const names = fc.array(
  fc.constantFrom('settings', 'certs', 'license', 'storage', 'backup', 'ca', '', '__proto__', 'x\n'),
  { maxLength: 6 },
);

/** `admind.json` and `jidoteki-admin-api.json`. */
export const configuration = damaged(
  fc.oneof(
    objectOf(Object.fromEntries(settings.map(([name, property]) => [name, valueOf(property)]))),
    objectOf({
      endpoints: names,
      parameters: names,
      'first-run': fc.record({ enabled: fc.boolean(), 'word-length': fc.integer({ min: 0, max: 65 }) }),
    }),
  ),
);
