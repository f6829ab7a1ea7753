import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { LAYERS, PACKAGE_LAYERS } from './layers.js';

const source = resolve('src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

const imports = files.flatMap((file) =>
  [...readFileSync(join(source, file), 'utf8').matchAll(/(?:from |import |import\()'([^']+)'/g)].map(
    ([, target = '']) => ({
      file,
      layer: layerOf(file),
      target: target.startsWith('.')
        ? relative(source, resolve(source, dirname(file), target)).replace(/\.js$/, '.ts')
        : target,
      isOwn: target.startsWith('.'),
    }),
  ),
);

function layerOf(file: string): string {
  return file.split('/')[0] ?? '';
}

test('every folder and file of src is a layer, and every layer exists', () => {
  expect([...new Set(files.map(layerOf))].sort()).toEqual([...LAYERS].sort());
});

test('imports are found', () => {
  expect(imports.filter(({ isOwn }) => isOwn).length).toBeGreaterThan(100);
});

test('a layer imports only from itself and from layers below it', () => {
  const upward = imports.filter(
    ({ layer, target, isOwn }) => isOwn && LAYERS.indexOf(layerOf(target)) < LAYERS.indexOf(layer),
  );
  expect(upward.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test('a package is imported only where it belongs', () => {
  const strays = imports.filter(({ target, layer }) => !(PACKAGE_LAYERS[target]?.includes(layer) ?? true));
  expect(strays.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});
