import { readFileSync } from 'node:fs';

/** For whatever asks for a module of Node by `require`. */
export const REQUIRE =
  "import { createRequire as createRequireOf } from 'node:module'; const require = createRequireOf(import.meta.url);";

const IMPORT = /^import \{([^}]+)\} from ('node:[^']+');$/gm;
/** What would be imported whole. */
const OTHER_IMPORT = /^(?:import|export) (?!type\b).*from ['"]node:.*$/m;

/**
 * A part of the build: has the sources require what they import of Node by name. An import reads every export of a module
 * at once, and some are costly to make, such as the root certificates of `node:tls`.
 */
export const nodeModules = {
  name: 'node-modules',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: required(path, readFileSync(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

function required(path, source) {
  const contents = source.replace(
    IMPORT,
    (_all, names, module) => `const {${requiredNames(names)}} = require(${module});`,
  );
  const left = OTHER_IMPORT.exec(contents)?.[0];
  if (left) throw new Error(`${path}: a module of Node has to be imported by names, not by: ${left}`);
  return contents;
}

/** Types are of the compiler's concern only. Lines stay where they are. */
function requiredNames(names) {
  return names.replace(/\btype \w+( as \w+)?,?/g, '').replaceAll(' as ', ': ');
}
