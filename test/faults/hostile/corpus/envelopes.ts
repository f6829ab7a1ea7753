import { gzipSync } from 'node:zlib';
import { rawMember, tarEnd, tarOf } from '../../../package/fixtures.js';
import type { ArchiveTrials } from '../archive-trials.js';

/** An update package, with what is odd about it as the name. */
export interface PackageCase {
  readonly name: string;
  readonly bytes: Buffer;
}

const CONTENTS = 'software_package.tar.gz';
const SIGNATURE = `${CONTENTS}.sign`;

/** Packages that are damaged, or put together in another way than the vendor does. */
export async function envelopes(trials: ArchiveTrials): Promise<readonly PackageCase[]> {
  const inner = gzipSync(
    tarOf({ path: 'version.txt', body: '2.0.0\n' }, { path: 'update.sh', body: 'exit 0\n' }),
  );
  const whole = await trials.seal(await trials.envelope(inner));
  return [...damaged(whole), ...(await sealed(trials, inner)), ...(await compressed(trials, inner))];
}

function damaged(whole: Buffer): PackageCase[] {
  const cut = Array.from({ length: Math.ceil(whole.length / 64) }, (_, index) => index * 64);
  const turned = [
    0,
    7,
    8,
    15,
    16,
    20,
    31,
    32,
    100,
    164,
    527,
    528,
    600,
    whole.length - 33,
    whole.length - 17,
    whole.length - 16,
    whole.length - 1,
  ];
  return [
    ...cut.map((length) => ({ name: `cut off after ${length} bytes`, bytes: whole.subarray(0, length) })),
    ...turned.flatMap((at) =>
      [0x01, 0x80, 0xff].map((mask) => ({
        name: `byte ${at} turned by ${mask}`,
        bytes: turn(whole, at, mask),
      })),
    ),
    { name: 'bytes behind its end', bytes: Buffer.concat([whole, Buffer.alloc(5)]) },
    { name: 'blocks behind its end', bytes: Buffer.concat([whole, Buffer.alloc(160, 'x')]) },
    { name: 'itself behind its end', bytes: Buffer.concat([whole, whole]) },
    { name: 'bytes before its beginning', bytes: Buffer.concat([Buffer.alloc(16), whole]) },
  ];
}

async function sealed(trials: ArchiveTrials, inner: Buffer): Promise<PackageCase[]> {
  const signature = await trials.sign(inner);
  const contents = { path: CONTENTS, body: inner };
  const sign = { path: SIGNATURE, body: signature };
  const outers: Readonly<Record<string, Buffer>> = {
    'as it should be': tarOf(contents, sign),
    'signature first': tarOf(sign, contents),
    'no signature': tarOf(contents),
    'no contents': tarOf(sign),
    'empty signature': tarOf(contents, { path: SIGNATURE }),
    'empty contents': tarOf({ path: CONTENTS }, sign),
    'a signature of zeros': tarOf(contents, { path: SIGNATURE, body: Buffer.alloc(256) }),
    'a signature that is too long': tarOf(contents, { path: SIGNATURE, body: Buffer.alloc(100_000) }),
    'a signature with a byte more': tarOf(contents, {
      path: SIGNATURE,
      body: Buffer.concat([signature, Buffer.alloc(1)]),
    }),
    'contents twice': tarOf(contents, contents, sign),
    'other contents after the signature': tarOf(contents, sign, { path: CONTENTS, body: 'other' }),
    'a link as contents': tarOf({ path: CONTENTS, type: '2', linkpath: '/etc/passwd' }, sign),
    'a link as signature': tarOf(contents, { path: SIGNATURE, type: '1', linkpath: CONTENTS }),
    'a directory as contents': tarOf({ path: `${CONTENTS}/`, type: '5' }, sign),
    'a device as contents': tarOf({ path: CONTENTS, type: '3' }, sign),
    'more members': tarOf(
      { path: '../outside', body: 'x' },
      contents,
      { path: '/etc/passwd', body: 'x' },
      sign,
    ),
    'contents with a path': tarOf({ ...contents, path: `../${CONTENTS}` }, sign),
    'no end': Buffer.concat([rawMember(contents), rawMember(sign)]),
    'garbage behind its end': Buffer.concat([tarOf(contents, sign), Buffer.alloc(4_096, 'x')]),
    nothing: Buffer.alloc(0),
    'only an end': tarEnd,
    'a size that is not there': tarOf({ ...contents, size: 2 ** 33 }),
  };
  return Promise.all(
    Object.entries(outers).map(async ([name, outer]) => ({
      name: `envelope: ${name}`,
      bytes: await trials.seal(outer),
    })),
  );
}

/** All of them signed. */
async function compressed(trials: ArchiveTrials, inner: Buffer): Promise<PackageCase[]> {
  const tar = tarOf({ path: 'file', body: 'x' });
  const half = [tar.subarray(0, 512), tar.subarray(512)] as const;
  const kinds: Readonly<Record<string, Buffer>> = {
    'not gzipped': tar,
    'gzipped twice': gzipSync(gzipSync(tar)),
    'garbage behind gzip': Buffer.concat([inner, Buffer.from('garbage')]),
    'zeros behind gzip': Buffer.concat([inner, Buffer.alloc(512)]),
    'two gzips of one tar': Buffer.concat([gzipSync(half[0]), gzipSync(half[1])]),
    'two gzips of two tars': Buffer.concat([inner, gzipSync(tar)]),
    'a gzip that is cut off': inner.subarray(0, -9),
    'a gzip with a wrong checksum': turn(inner, inner.length - 6, 0xff),
    'a gzip with a wrong length': turn(inner, inner.length - 2, 0xff),
    'a gzip of nothing': gzipSync(Buffer.alloc(0)),
    'a bomb behind the end': gzipSync(Buffer.concat([tar, Buffer.alloc(60_000_000)])),
    'a bomb of one file': gzipSync(tarOf({ path: 'zeros', body: Buffer.alloc(70_000_000) })),
    'a bomb of names': gzipSync(
      tarOf(...Array.from({ length: 12_000 }, (_, index) => ({ path: `e${index}` }))),
    ),
  };
  return Promise.all(
    Object.entries(kinds).map(async ([name, contents]) => ({
      name: `contents: ${name}`,
      bytes: await trials.seal(await trials.envelope(contents)),
    })),
  );
}

function turn(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}
