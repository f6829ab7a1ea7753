import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyProduct, type ProductCopy } from '../support/product-copy.js';

describe('a copy of the product', () => {
  let product: ProductCopy;
  beforeAll(async () => {
    product = await copyProduct();
  });
  afterAll(() => product.remove());

  test('is built from its own, changed source, and its programs find their files', async () => {
    await product.edit('cli.ts', (text) =>
      text.replace('admind ${productVersion()}', 'changed ${productVersion()}'),
    );
    await product.build();
    const printed = execFileSync(process.execPath, [join(product.directory, 'dist/cli.js'), '--version'], {
      encoding: 'utf8',
    });
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(printed).toBe(`changed ${version}\n`);
  });

  test('says so when what was to be changed is not there', async () => {
    await expect(product.edit('cli.ts', (text) => text.replace('not in there', ''))).rejects.toThrow(
      /cli\.ts is as it was/,
    );
  });
});

describe('the licences of what is built in', () => {
  let source: string;
  beforeEach(() => {
    source = mkdtempSync(join(tmpdir(), 'admind-licences-'));
  });
  afterEach(() => rmSync(source, { recursive: true }));

  test('are told with their texts', async () => {
    const text = await readFile('dist/third-party-licences.txt', 'utf8');
    expect(text).toMatch(/^express [\d.]+ \(MIT\)\n\n[^]*?Permission is hereby granted/m);
    expect(text).toMatch(/^node-forge [\d.]+ \(BSD-3-Clause\)$/m);
  });

  test.each([
    ['permitted, with its text', { license: 'MIT' }, true, 'foreign 1.0.0 (MIT)\n\nDo as you like\n'],
    [
      'not among those permitted',
      { license: 'AGPL-3.0' },
      true,
      'the licence AGPL-3.0 is not among those permitted',
    ],
    ['not told', {}, true, 'the licence undefined is not among those permitted'],
    ['without its text', { license: 'MIT' }, false, 'its package holds no text of its licence'],
  ])('a licence that is %s', (_case, fields, hasText, told) => {
    const directory = join(source, 'node_modules/foreign');
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      join(directory, 'package.json'),
      JSON.stringify({ name: 'foreign', version: '1.0.0', ...fields }),
    );
    if (hasText) writeFileSync(join(directory, 'LICENSE'), 'Do as you like\n');
    expect(collect(source)).toContain(told);
  });
});

/** What `scripts/licences.js` says of a program with one package: its result, or why it refuses. */
function collect(source: string): string {
  const metafile = {
    outputs: { 'dist/cli.js': { inputs: { 'node_modules/foreign/index.js': { bytesInOutput: 1 } } } },
  };
  const program = `
import { collectLicences } from ${JSON.stringify(resolve('scripts/licences.js'))};
try {
  process.stdout.write(collectLicences(${JSON.stringify(metafile)}, ${JSON.stringify(source)}));
} catch (error) {
  process.stdout.write(error.message);
}`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
}
