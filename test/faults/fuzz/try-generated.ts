import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { GENERATORS } from './generators/index.js';

/*
 * Gives generated inputs to a target: `try-generated.ts TARGET SEED COUNT FILE`. The input that is being tried lies in FILE;
 * where one fails, the smallest that does so is printed.
 */

const [name = '', seed, count, current = ''] = process.argv.slice(2);
const { fuzz } = (await import(`./targets/${name}.js`)) as {
  readonly fuzz: (bytes: Buffer) => Promise<void>;
};
const generator = GENERATORS[name];
if (!generator) throw new Error(`nothing is generated for ${name}`);
const property = fc.asyncProperty(generator, (bytes) => {
  writeFileSync(current, bytes);
  return fuzz(bytes);
});
const details = await fc.check(property, { seed: Number(seed), numRuns: Number(count) });
if (details.failed) {
  const [input = Buffer.alloc(0)] = details.counterexample ?? [];
  writeFileSync(current, input);
  process.stderr.write(
    `${String(details.errorInstance instanceof Error ? details.errorInstance.stack : details.errorInstance)}\n`,
  );
  process.exitCode = 1;
}
