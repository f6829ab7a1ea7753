import standalone from 'ajv/dist/standalone/index.js';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';

const ENDING = '.schema.json';

/** A part of the build: puts what the JSON Schemas compile to in the place of the compiler, for a quicker start. */
export function compiledSchemas(source) {
  const configuration = join(source, 'config');
  let createCompiler;
  return {
    name: 'compiled-schemas',
    setup({ onLoad, onResolve }) {
      onLoad({ filter: /\/src\/config\/compile-schema\.ts$/ }, async ({ path }) => {
        ({ createCompiler } = await tsImport(pathToFileURL(path).href, import.meta.url));
        const names = readdirSync(configuration).filter((name) => name.endsWith(ENDING));
        return { contents: chooseByName(names.sort()), resolveDir: source };
      });
      onResolve({ filter: /\.schema\.json$/ }, ({ path }) => ({ path, namespace: 'schema' }));
      onLoad({ filter: /.*/, namespace: 'schema' }, ({ path }) => {
        // Each its own: names in the code are counted by the compiler, and the schemas come in any order.
        const compiler = createCompiler({ source: true, esm: true });
        const schema = JSON.parse(readFileSync(join(configuration, path), 'utf8'));
        return { contents: standalone.default(compiler, compiler.compile(schema)), resolveDir: source };
      });
    },
  };
}

function chooseByName(names) {
  const imports = names.map((name, index) => `import schema${index} from '${name}';`);
  const entries = names.map((name, index) => `'${name.slice(0, -ENDING.length)}': schema${index}`);
  return [
    ...imports,
    `const validators = { ${entries.join(', ')} };`,
    'export const compileSchema = (name) => validators[name];',
  ].join('\n');
}
