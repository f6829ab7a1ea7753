import fc from 'fast-check';
import { rawMember, tarEnd } from '../../../package/fixtures.js';
import { archive } from '../../hostile/generated-archives.js';
import { inForm } from '../envelope-forms.js';
import { damaged } from './damaged.js';

const CONTENTS = 'software_package.tar.gz';

const member = fc
  .record({
    path: fc.constantFrom(
      CONTENTS,
      CONTENTS,
      `${CONTENTS}.sign`,
      `${CONTENTS}.sign`,
      `./${CONTENTS}`,
      'x',
      '..',
    ),
    type: fc.constantFrom('0', '0', '0', '\0', '2', '5', 'x', 'L'),
    body: fc.uint8Array({ maxLength: 700 }).map((bytes) => Buffer.from(bytes)),
    size: fc.option(fc.oneof(fc.nat(1_500), fc.constant(2 ** 33)), { freq: 6, nil: undefined }),
  })
  .map(({ size, ...rest }) => rawMember({ ...rest, ...(size !== undefined && { size }) }));
const outer = fc
  .array(fc.oneof({ weight: 6, arbitrary: member }, archive), { maxLength: 4 })
  .map((members) => Buffer.concat([...members, tarEnd]));
const sealed = fc
  .tuple(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.uint8Array({ maxLength: 90 }), fc.nat(15))
  .map(([salt, blocks, rest]) =>
    Buffer.concat([
      Buffer.from('Salted__'),
      salt,
      Buffer.alloc(16 * blocks.length + (rest === 0 ? 1 : 0), 7),
    ]),
  );

/** What is sealed, the outer tar in it, and contents that are signed. */
export const envelope = fc.oneof(
  damaged(sealed).map((bytes) => inForm('a file', bytes)),
  damaged(outer).map((bytes) => inForm('outer tar', bytes)),
  archive.map((bytes) => inForm('well made', bytes)),
);
