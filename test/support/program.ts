import { buildSync } from 'esbuild';
import { resolve } from 'node:path';

/** Makes a program for Node of code that imports from `src/`, as `./system/lock.js`: it starts as quickly as the product. */
export function buildProgram(contents: string, outfile: string): void {
  buildSync({
    stdin: { contents, resolveDir: resolve('src'), loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
}
