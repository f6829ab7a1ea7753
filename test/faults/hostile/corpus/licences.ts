import { SECRET } from '../stand.js';
import { filePart, postParts, sending, type RequestCase } from './request.js';
import { ODD_DOCUMENTS } from './settings-files.js';

/** Licences, which the vendor's script of the stand prints as they are. */
export function licences(): readonly RequestCase[] {
  const texts: Readonly<Record<string, string | Buffer>> = {
    ...ODD_DOCUMENTS,
    // A licence that is good is shown as it is.
    'a name of Object as option': '{"__proto__":{"a":1},"constructor":[]}',
    'just too long to be printed': `{"a":"${SECRET}${'x'.repeat(65_536)}"}`,
    'a megabyte and a byte': Buffer.alloc(1_048_577, '1'),
    'a PGP message': '-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n',
  };
  return Object.entries(texts).map(([name, content]) =>
    sending(`license: ${name}`, postParts('/license', filePart('license', content))),
  );
}
