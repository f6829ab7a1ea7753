import {
  BOUNDARY,
  filePart,
  formOf,
  post,
  postParts,
  sending,
  textPart,
  type RequestCase,
} from './request.js';

const disposition = (value: string, body = 'x') => `Content-Disposition: ${value}\r\n\r\n${body}`;
const form = formOf(filePart('update', 'garbage'));

/** Multipart forms that are put together in odd ways. */
export function forms(): readonly RequestCase[] {
  return [...boundaries(), ...parts(), ...fields()];
}

function boundaries(): RequestCase[] {
  const types: readonly string[] = [
    'multipart/form-data',
    'multipart/form-data; boundary',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    `multipart/form-data; boundary="${BOUNDARY}`,
    `multipart/form-data; boundary=${'b'.repeat(5_000)}`,
    `multipart/form-data; boundary=a; boundary=${BOUNDARY}`,
    'multipart/form-data; boundary=--',
    'multipart/form-data; boundary=\x80\xff',
    'multipart/form-data; boundary="a b c"',
    'multipart/form-data; boundary=(){}[]',
    'multipart/form-data; charset=utf-16; boundary=x',
    `MULTIPART/FORM-DATA; BOUNDARY=${BOUNDARY}`,
    `multipart/form-data;boundary=${BOUNDARY};boundary*=utf-8''x`,
    'multipart/form-data-encoded; boundary=a',
  ];
  const bodies: Readonly<Record<string, string>> = {
    nothing: '',
    'only the end': `--${BOUNDARY}--\r\n`,
    'only a boundary': `--${BOUNDARY}`,
    'a boundary and a line end': `--${BOUNDARY}\r\n`,
    'text and no boundary': 'x'.repeat(50_000),
    'a preamble and no end': `preamble\r\n--${BOUNDARY}\r\n${textPart('a', 'b')}`,
    'a boundary that almost is one': `--${BOUNDARY}x\r\n${textPart('a', 'b')}\r\n--${BOUNDARY}`,
    'dashes alone': '-'.repeat(60_000),
    'starts of boundaries': `\r\n--${BOUNDARY.slice(0, -1)}`.repeat(3_000),
    'bare line feeds': `--${BOUNDARY}\nContent-Disposition: form-data; name="a"\n\nb\n--${BOUNDARY}--\n`,
    'an end before its beginning': `--${BOUNDARY}--\r\n--${BOUNDARY}\r\n${textPart('a', 'b')}\r\n--${BOUNDARY}--`,
    'an epilogue': `${form.toString()}${'epilogue'.repeat(5_000)}`,
    'two ends': `--${BOUNDARY}\r\n${textPart('a', 'b')}\r\n--${BOUNDARY}--\r\n--${BOUNDARY}--\r\n`,
    'no end of the last part': `--${BOUNDARY}\r\n${filePart('update', 'x').toString()}`,
    'a thousand empty parts': `--${BOUNDARY}\r\n\r\n\r\n`.repeat(1_000),
    'a form in the form': formOf(
      `Content-Disposition: form-data; name="update"\r\nContent-Type: multipart/mixed; boundary=${BOUNDARY}2\r\n\r\n--${BOUNDARY}2\r\n\r\nx\r\n--${BOUNDARY}2--`,
    ).toString(),
  };
  return [
    ...types.map((type) => sending(`form: ${type.slice(0, 60)}`, post('/update', type, form))),
    ...Object.entries(bodies).map(([name, body]) =>
      sending(`form: ${name}`, post('/update', `multipart/form-data; boundary=${BOUNDARY}`, body)),
    ),
  ];
}

function parts(): RequestCase[] {
  const odd: Readonly<Record<string, string>> = {
    'no headers': '\r\nx',
    'no line between headers and body': 'x',
    'no disposition': 'Content-Type: text/plain\r\n\r\nx',
    'an empty disposition': disposition(''),
    'another disposition': disposition('attachment; name="update"; filename="a"'),
    'no name': disposition('form-data'),
    'an empty name': disposition('form-data; name=""; filename="a"'),
    'a name without quotes': disposition('form-data; name=update; filename=a'),
    'an open quote': disposition('form-data; name="update'),
    'a backslash at the end': disposition('form-data; name="update\\'),
    'a name with quotes': disposition('form-data; name="a\\"b"; filename="a"'),
    'a name with a line end': disposition('form-data; name="a%0d%0aX: y"; filename="a"'),
    'a name with a NUL': disposition('form-data; name="update\0"; filename="a"'),
    'a name that is a path': disposition('form-data; name="../../etc/passwd"; filename="a"'),
    'a name that is absolute': disposition('form-data; name="/etc/passwd"; filename="a"'),
    'a name of high bytes': disposition('form-data; name="\xff\xfe"; filename="a"'),
    'a huge name': disposition(`form-data; name="${'n'.repeat(10_000)}"; filename="a"`),
    'a name of Object': disposition('form-data; name="__proto__"; filename="a"'),
    'another name of Object': disposition('form-data; name="constructor"'),
    'a name with brackets': disposition('form-data; name="update[0]"; filename="a"'),
    'two names': disposition('form-data; name="update"; name="other"; filename="a"'),
    'an encoded name': disposition("form-data; name*=utf-8''update; filename*=utf-8''a"),
    'a broken encoding': disposition("form-data; name*=utf-8''%zz; filename*=x''%ff"),
    'an unknown encoding': disposition('form-data; name="update"; filename*=klingon\'\'a'),
    'an empty filename': disposition('form-data; name="update"; filename=""'),
    'a filename that is a path': disposition('form-data; name="update"; filename="../../../../etc/passwd"'),
    'a filename of controls': disposition('form-data; name="update"; filename="\x01\x02\x1b[2J"'),
    'a huge filename': disposition(`form-data; name="update"; filename="${'f'.repeat(15_000)}"`),
    'a thousand parameters': disposition(`form-data; ${'a="b"; '.repeat(1_000)}name="update"; filename="a"`),
    semicolons: disposition(`form-data${';'.repeat(5_000)}`),
    'a header that is too long': `X: ${'x'.repeat(100_000)}\r\n${disposition('form-data; name="update"; filename="a"')}`,
    'three hundred headers': `${'X: y\r\n'.repeat(300)}${disposition('form-data; name="update"; filename="a"')}`,
    'a header without colon': `Nonsense\r\n${disposition('form-data; name="update"; filename="a"')}`,
    'two dispositions': `Content-Disposition: form-data; name="a"\r\n${disposition('form-data; name="update"; filename="a"')}`,
    'a folded disposition': disposition('form-data;\r\n name="update";\r\n filename="a"'),
    base64: `Content-Transfer-Encoding: base64\r\n${disposition('form-data; name="update"; filename="a"', '!!!!')}`,
    'an unknown transfer encoding': `Content-Transfer-Encoding: x\r\n${disposition('form-data; name="update"; filename="a"')}`,
    'an odd type': `Content-Type: ;;/;charset=\r\n${disposition('form-data; name="update"; filename="a"')}`,
    'another charset': `Content-Type: text/plain; charset=utf-16be\r\n${disposition('form-data; name="action"', '\0S')}`,
  };
  return Object.entries(odd).flatMap(([name, part]) =>
    ['/update', '/backup'].map((path) => sending(`part for ${path}: ${name}`, postParts(path, part))),
  );
}

function fields(): RequestCase[] {
  const forms: readonly (readonly [name: string, path: string, parts: readonly (string | Buffer)[]])[] = [
    ['no parts', '/settings', []],
    ['text for a file', '/settings', [textPart('settings', '/etc/passwd')]],
    ['a file for text', '/backup', [filePart('action', 'START')]],
    ['an unknown text', '/backup', [textPart('nonsense', 'x')]],
    [
      'an unknown file beside the right one',
      '/settings',
      [filePart('settings', '{'), filePart('other', 'x')],
    ],
    ['a file twice', '/settings', [filePart('settings', '{}'), filePart('settings', '{}')]],
    ['a text twice', '/backup', [textPart('action', 'STOP!'), textPart('action', 'STOP!')]],
    ['a text over the limit', '/backup', [textPart('action', 'x'.repeat(4_097))]],
    ['a text at the limit', '/backup', [textPart('action', 'x'.repeat(4_096))]],
    ['a file over its limit', '/settings', [filePart('settings', Buffer.alloc(1_100_000, ' '))]],
    ['forty parts', '/certs', Array.from({ length: 40 }, (_, index) => filePart(`f${index}`, 'x'))],
    ['forty fields of text', '/backup', Array.from({ length: 40 }, (_, index) => textPart(`f${index}`, 'x'))],
    ['an action of NULs', '/backup', [textPart('action', '\0\0')]],
    ['an action of high bytes', '/backup', [textPart('action', '\xff\xfe')]],
    ['a long name that is unknown', '/backup', [textPart('ä'.repeat(90), 'x')]],
    ['a restore of an empty file', '/backup/restore', [filePart('archive', '')]],
    ['a restore of garbage', '/backup/restore', [filePart('archive', 'garbage'.repeat(1_000))]],
    ['an update of an empty file', '/update', [filePart('update', '')]],
    ['an update of garbage', '/update', [filePart('update', 'Salted__'.repeat(1_000))]],
    ['a token with a space', '/setup', [textPart('newtoken', 'a b')]],
    ['an empty token', '/setup', [textPart('newtoken', '')]],
  ];
  return forms.map(([name, path, list]) => sending(`form for ${path}: ${name}`, postParts(path, ...list)));
}
