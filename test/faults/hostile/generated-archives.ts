import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { paxRecord, rawMember, tarEnd, withChecksum } from '../../package/fixtures.js';
import type { Random } from '../random.js';
import type { ArchiveCase } from './corpus/archives.js';

const name = fc.oneof(
  fc.constantFrom(
    'a',
    'd/',
    'd/b',
    '../x',
    '/x',
    'a/../b',
    './a',
    '.',
    'version.txt',
    'update.sh',
    'd/../../x',
    '',
  ),
  fc.string({ maxLength: 99 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const type = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0', '0', '5', '2', '1') },
  { weight: 2, arbitrary: fc.constantFrom('x', 'g', 'L', 'K', 'S', '3', '6', '7', '\0') },
);
const link = fc.constantFrom('a', '..', '../..', '/etc/passwd', '/data/a', 'd/b', '.', 'l', 'd/../..');
const body = fc.oneof(
  fc.uint8Array({ maxLength: 1_500 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('', '20 path=../outside\n', '19 linkpath=/etc/x\n', '12 size=600\n', '16 mtime=abcdef\n')
    .map((text) => Buffer.from(text)),
);
const member = fc
  .record({
    path: name,
    type,
    linkpath: link,
    body,
    mode: fc.nat(0o7777),
    size: fc.option(fc.nat(3_000), { freq: 8, nil: undefined }),
  })
  .map(({ linkpath, size, ...rest }) =>
    rawMember({ ...rest, ...(/[12]/.test(rest.type) && { linkpath }), ...(size !== undefined && { size }) }),
  );
const record = fc
  .tuple(
    fc.constantFrom('path', 'linkpath', 'size', 'uid', 'gid', 'mtime', 'comment', 'GNU.sparse.map'),
    fc.oneof(name, fc.string()),
  )
  .map(([key, value]) => paxRecord(key, value));
/** A header of which bytes are turned, and whose checksum may be right nevertheless. */
const damaged = fc
  .tuple(member, fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([block, turns, isChecked]) => {
    const copy = Buffer.from(block);
    for (const [at, value] of turns) copy[at] = value;
    return isChecked ? withChecksum(copy) : copy;
  });
const tar = fc
  .tuple(
    fc.array(fc.oneof({ weight: 4, arbitrary: member }, record, damaged), { maxLength: 7 }),
    fc.boolean(),
  )
  .map(([members, isEnded]) => Buffer.concat([...members, ...(isEnded ? [tarEnd] : [])]));
/** A tar of odd members, whole or damaged. */
export const archive = fc.tuple(tar, fc.nat(5), fc.nat()).map(([bytes, kind, at]) => {
  if (kind === 0) return bytes.subarray(0, at % (bytes.length + 1));
  if (kind === 1 && bytes.length > 0) {
    const copy = Buffer.from(bytes);
    copy[at % copy.length] = at & 0xff;
    return copy;
  }
  return bytes;
});

export function generatedArchives(random: Random, count: number): readonly ArchiveCase[] {
  const samples = fc.sample(archive, { numRuns: count, seed: random.below(2 ** 31) });
  return samples.map((bytes, index) => ({ name: `generated ${index}`, tar: bytes }));
}

/** A gzip that is damaged in one place, or has something behind it. */
export function damagedGzip(bytes: Buffer, random: Random): Buffer {
  const zipped = gzipSync(bytes);
  const kind = random.below(4);
  if (kind === 0) return zipped;
  if (kind === 1) return zipped.subarray(0, random.below(zipped.length));
  if (kind === 2) return Buffer.concat([zipped, Buffer.alloc(random.below(40), random.below(256))]);
  zipped[random.below(zipped.length)] = random.below(256);
  return zipped;
}
