import { readFileSync } from 'node:fs';

/** For whatever asks for a module of Node by `require`. */
export const REQUIRE =
  "import { createRequire as createRequireOf } from 'node:module'; const require = createRequireOf(import.meta.url);";

const IMPORT = /^import \{([^}]+)\} from ('node:[^']+');$/gm;

/**
 * A part of the build: has the sources require what they import of Node by name. An import reads every export of a module
 * at once, and some are costly to make, such as the root certificates of `node:tls`.
 */
export const nodeModules = {
  name: 'node-modules',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(IMPORT, (_all, names, module) => {
        return `const {${requiredNames(names)}} = require(${module});`;
      }),
      loader: 'ts',
    }));
  },
};

/** Types are of the compiler's concern only. Lines stay where they are. */
function requiredNames(names) {
  return names.replace(/\btype \w+( as \w+)?,?/g, '').replaceAll(' as ', ': ');
}
