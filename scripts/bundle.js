import { build } from 'esbuild';
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { compiledSchemas } from './compiled-schemas.js';
import { collectLicences } from './licences.js';
import { nodeModules, REQUIRE } from './node-modules.js';
import { unusedPackages } from './unused-packages.js';

const source = resolve(import.meta.dirname, '..');

/**
 * Builds the programs, and the licences of what is built into them, into `directory`. The same sources and packages give
 * the same bytes.
 *
 * One file a program, and chunks for what they share or load later: hundreds of modules would take longer to find and
 * to read than to run. Identifiers are kept, so that a stack names functions.
 */
export async function buildProduct(directory) {
  const place = join(source, 'dist');
  const { metafile, outputFiles } = await build({
    absWorkingDir: source,
    entryPoints: ['src/cli.ts', 'src/privileged.ts', 'src/jobs/runner.ts'],
    outbase: 'src',
    // Names of chunks depend on it: it is the same wherever they are written to.
    outdir: place,
    write: false,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    // Where the packages lie must not show in the result.
    preserveSymlinks: true,
    banner: { js: REQUIRE },
    plugins: [compiledSchemas(source), nodeModules, unusedPackages],
  });
  const files = new Map([
    [join(directory, 'third-party-licences.txt'), collectLicences(metafile, source)],
    ...outputFiles.map(({ path, contents }) => [join(directory, relative(place, path)), contents]),
  ]);
  for (const [file, contents] of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  removeOthers(directory, files);
}

/** Deletes what an earlier build left. */
function removeOthers(directory, made) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) removeOthers(path, made);
    else if (!made.has(path)) rmSync(path);
  }
  if (readdirSync(directory).length === 0) rmdirSync(directory);
}
