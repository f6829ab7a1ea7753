import {
  memberNamed,
  paxHeader,
  paxRecord,
  rawMember,
  tarEnd,
  tarOf,
  withChecksum,
} from '../../../package/fixtures.js';

/** A tar, whole or not, with what is odd about it as the name. */
export interface ArchiveCase {
  readonly name: string;
  readonly tar: Buffer;
}

const file = { path: 'file', body: 'content' };
const PATHS = [
  '/etc/passwd',
  '//etc/passwd',
  '../outside',
  'a/../../outside',
  './../outside',
  'a/..',
  '.',
  './',
  '/',
  ' ',
  'a//b',
  'a/./b',
  'a\\..\\b',
  'C:\\windows',
  'a\nb',
  '\x1b[2J',
  'a:b',
  '-rf',
  '~root',
  '$(reboot)',
  'update.sh/x',
  'n'.repeat(99),
  '.admind-restore/old',
];
const TYPES = [...Array.from('0123456789ADEGIKLMNSVXZgx'), '\0', '\xff', 'a'];
const SIZES = [
  '-1',
  '77777777777',
  '99999999999',
  '',
  'abc',
  '0x10',
  '1e9',
  ' 12',
  '12 ',
  '\0\0',
  '+1',
  '1.5',
];
const NUMBERS = [
  '-1',
  '1e400',
  'NaN',
  '',
  ' ',
  '0x7f',
  '99999999999999999999',
  '1.5',
  '-0',
  '8589934592',
  'Infinity',
];

/** Tars whose members are where, what or as large as nothing should be. */
export function archives(): readonly ArchiveCase[] {
  return [...paths(), ...kinds(), ...numbers(), ...links(), ...extended(), ...shapes()];
}

function paths(): ArchiveCase[] {
  return PATHS.flatMap((path) => [
    { name: `path ${JSON.stringify(path.slice(0, 30))}`, tar: tarOf({ path, body: 'x' }) },
    { name: `directory ${JSON.stringify(path.slice(0, 30))}`, tar: tarOf({ path: `${path}/`, type: '5' }) },
    { name: `pax path ${JSON.stringify(path.slice(0, 30))}`, tar: tarOf(paxRecord('path', path), file) },
  ]);
}

function kinds(): ArchiveCase[] {
  return TYPES.flatMap((type) => [
    { name: `type ${JSON.stringify(type)}`, tar: tarOf({ ...file, type }) },
    {
      name: `type ${JSON.stringify(type)} with a link`,
      tar: tarOf(file, { path: 'l', type, linkpath: 'file' }),
    },
  ]);
}

function numbers(): ArchiveCase[] {
  const fields = {
    mode: [100, 8],
    uid: [108, 8],
    gid: [116, 8],
    size: [124, 12],
    mtime: [136, 12],
    checksum: [148, 8],
    device: [329, 8],
  } as const;
  const inHeader = Object.entries(fields).flatMap(([field, [at, length]]) =>
    [...SIZES, '\x80', '\xff', '\x80\xff\xff\xff\xff\xff\xff\xff'].map((value) => {
      const block = rawMember({ path: 'file', body: '' });
      const isHigh = value.startsWith('\x80') || value.startsWith('\xff');
      block.fill(isHigh ? 0xff : 0, at, at + length).write(value.slice(0, length), at, 'latin1');
      const checked = field === 'checksum' ? block : withChecksum(block);
      return { name: `${field} ${JSON.stringify(value)}`, tar: Buffer.concat([checked, tarEnd]) };
    }),
  );
  const inPax = ['size', 'uid', 'gid', 'mtime', 'atime', 'ctime', 'mode'].flatMap((field) =>
    NUMBERS.map((value) => ({ name: `pax ${field} ${value}`, tar: tarOf(paxRecord(field, value), file) })),
  );
  return [...inHeader, ...inPax];
}

function links(): ArchiveCase[] {
  const targets = [
    '/etc/passwd',
    '../outside',
    '../../..',
    '.',
    '..',
    '',
    'loop',
    'file',
    'd/../..',
    '/data',
    '/data/../etc',
    'x'.repeat(99),
    'a\nb',
  ];
  return ['1', '2'].flatMap((type) =>
    targets.flatMap((linkpath) => [
      {
        name: `link ${type} to ${linkpath.slice(0, 20)}`,
        tar: tarOf(file, { path: 'loop', type, linkpath }),
      },
      {
        name: `through link ${type} to ${linkpath.slice(0, 20)}`,
        tar: tarOf(
          file,
          { path: 'l', type, linkpath },
          { path: 'l/outside', body: 'x' },
          { path: 'l', body: 'y' },
        ),
      },
      {
        name: `link ${type} over a directory, to ${linkpath.slice(0, 20)}`,
        tar: tarOf(
          { path: 'd/', type: '5' },
          { path: 'd', type, linkpath },
          { path: 'd/outside', body: 'x' },
        ),
      },
    ]),
  );
}

function extended(): ArchiveCase[] {
  const bodies: Readonly<Record<string, string>> = {
    nothing: '',
    'no length': 'path=x\n',
    'a length of 0': '0 path=x\n',
    'a length that is too great': '99999 path=x\n',
    'a length beyond all': `${'9'.repeat(400)} path=x\n`,
    'a negative length': '-9 path=x\n',
    'no equals sign': '8 pathx\n',
    'no keyword': '5 =x\n',
    'no line end': '9 path=xx',
    NULs: '\0'.repeat(512),
    'a name of Object': '21 __proto__=polluted\n',
    'ten thousand records': '6 a=b\n'.repeat(10_000),
    'a sparse map': '22 GNU.sparse.major=1\n',
    'a path of NULs': '12 path=a\0b\n',
  };
  return [
    ...Object.entries(bodies).flatMap(([name, body]) =>
      ['x', 'g', 'X', 'L', 'K', 'N'].map((type) => ({
        name: `header ${type}: ${name}`,
        tar: tarOf({ path: 'header', type, body }, file),
      })),
    ),
    {
      name: 'a long name of 200000 bytes',
      tar: tarOf({ path: 'l', type: 'L', body: 'x'.repeat(200_000) }, file),
    },
    { name: 'a long name and no member', tar: tarOf({ path: 'l', type: 'L', body: 'x'.repeat(200) }) },
    {
      name: 'a thousand long names',
      tar: tarOf(...Array.from({ length: 1_000 }, () => ({ path: 'l', type: 'L', body: '../x' })), file),
    },
    { name: 'a deep path', tar: tarOf(paxRecord('path', 'd/'.repeat(2_000)), file) },
    { name: 'a path too deep', tar: tarOf(paxRecord('path', `${'d/'.repeat(3_000)}x`), file) },
    {
      name: 'a pax header of a pax header',
      tar: tarOf(paxRecord('size', '5'), paxRecord('path', '../x'), file),
    },
    {
      name: 'a pax size that differs',
      tar: tarOf(paxHeader(['size', '600']), { ...file, body: Buffer.alloc(100) }, file),
    },
    { name: 'a global path', tar: tarOf({ path: 'g', type: 'g', body: '16 path=../x/y/z\n' }, file) },
  ];
}

function shapes(): ArchiveCase[] {
  const good = tarOf(file, { path: 'd/', type: '5' }, { path: 'd/other', body: 'x'.repeat(700) });
  return [
    { name: 'nothing', tar: Buffer.alloc(0) },
    { name: 'a byte', tar: Buffer.alloc(1) },
    { name: 'only an end', tar: tarEnd },
    { name: 'garbage', tar: Buffer.alloc(5_000, 'garbage') },
    { name: 'a file twice', tar: tarOf(file, file) },
    { name: 'a file below a file', tar: tarOf(file, { path: 'file/below', body: 'x' }) },
    { name: 'a directory over a file', tar: tarOf(file, { path: 'file/', type: '5' }) },
    { name: 'an end in the middle', tar: Buffer.concat([tarOf(file), tarOf({ path: 'second', body: 'x' })]) },
    { name: 'a member whose size is not there', tar: tarOf({ ...file, size: 2 ** 30 }) },
    {
      name: 'a name that is not UTF-8',
      tar: Buffer.concat([memberNamed(Buffer.from([0xff, 0xfe, 0x2f])), tarEnd]),
    },
    {
      name: 'twenty thousand empty files',
      tar: tarOf(...Array.from({ length: 20_000 }, (_, index) => ({ path: `e${index}` }))),
    },
    ...Array.from({ length: Math.ceil(good.length / 256) }, (_, index) => ({
      name: `cut off after ${index * 256} bytes`,
      tar: good.subarray(0, index * 256),
    })),
  ];
}
