import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that let the product be given away as it is, with their texts. Where there is a choice, the one that is taken. */
const PERMITTED = {
  MIT: 'MIT',
  ISC: 'ISC',
  'BSD-2-Clause': 'BSD-2-Clause',
  'BSD-3-Clause': 'BSD-3-Clause',
  'BlueOak-1.0.0': 'BlueOak-1.0.0',
  '(BSD-3-Clause OR GPL-2.0)': 'BSD-3-Clause',
};

/**
 * The licence texts of the packages that were built in.
 *
 * @param metafile of esbuild
 * @throws Error for a package that has another licence, or no text of it
 */
export function collectLicences({ outputs }, source) {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const packages = new Set(
    files.flatMap((file) => /^(.*\/)?node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  const texts = [...packages].map((path) => describe(join(source, path)));
  return [...new Set(texts)].sort().join(`\n${'-'.repeat(78)}\n\n`);
}

function describe(directory) {
  const { name, version, ...fields } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  // Some old packages have a list.
  const licence = fields.license ?? fields.licenses?.map(({ type }) => type).join(' OR ');
  const used = PERMITTED[licence];
  if (used === undefined) throw new Error(`${name}: the licence ${licence} is not among those permitted`);
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name}: its package holds no text of its licence`);
  return `${name} ${version} (${used})\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`;
}
