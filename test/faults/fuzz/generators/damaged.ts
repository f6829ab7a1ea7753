import fc from 'fast-check';

/** Mostly as it is; else cut off, with bytes that are turned, or with others in between. */
export function damaged(whole: fc.Arbitrary<string | Buffer>): fc.Arbitrary<Buffer> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 });
  const kind = fc.constantFrom('whole', 'whole', 'cut', 'turned', 'longer');
  return fc.tuple(whole, kind, place, bytes).map(([content, how, part, others]) => {
    const all = Buffer.from(content);
    const at = Math.floor(part * all.length);
    if (how === 'cut') return all.subarray(0, at);
    if (how === 'turned') all.set(others.subarray(0, all.length - at), at);
    if (how === 'longer') return Buffer.concat([all.subarray(0, at), others, all.subarray(at)]);
    return all;
  });
}
