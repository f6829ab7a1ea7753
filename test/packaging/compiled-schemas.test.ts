import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compileSchema } from '../../src/config/compile-schema.js';

const NETWORK = { interface: 'eth0', mode: 'static', ip_address: '10.0.0.2', netmask: '255.255.255.0' };

/** A schema, and values that it takes or refuses in one of its ways. */
const CASES: readonly (readonly [schema: string, value: unknown])[] = [
  ['admind', {}],
  ['admind', { port: 70_000 }],
  ['admind', { prot: 1 }],
  ['admind', { applianceType: 'ü' }],
  ['jidoteki-admin-api', {}],
  ['jidoteki-admin-api', { 'first-run': { enabled: 'yes' } }],
  ['order', { run: 'update', inputs: { update: '/x' } }],
  ['order', { settle: 'update', more: 1 }],
  ['order', { operation: 'set-token', token: 'x'.repeat(5000), replaced: 'none' }],
  ['order', { operation: 'set-token', token: 'x', replaced: { known: 'y' } }],
  ['settings', { network: NETWORK, app: {} }],
  ['settings', { network: { ...NETWORK, ip_address: '10.0.0.2; reboot' }, app: {} }],
  ['settings', { network: { ...NETWORK, ip_address: 'ü' }, app: {} }],
  ['settings', { network: { mode: 'dhcp' } }],
  ['settings', []],
  ['storage', { storage: { type: 'local' } }],
  ['storage', { storage: { type: 'local', ip: '1.2.3.4' } }],
  ['storage', { storage: { type: 'nfs', ip: '1.2.3.4' } }],
  ['storage', {}],
];

test('what is built in says the same as the compiler, and fills in the same defaults', () => {
  const expected = CASES.map(([name, value]) => {
    const data: unknown = structuredClone(value);
    const validate = compileSchema(name);
    return { isValid: validate(data), data, errors: validate.errors ?? null };
  });
  // Else little was compared.
  expect(
    new Set(expected.flatMap(({ errors }) => errors ?? []).map(({ keyword }) => keyword)).size,
  ).toBeGreaterThan(6);
  expect(answersOfBuilt()).toEqual(JSON.parse(JSON.stringify(expected)));
});

function answersOfBuilt(): unknown {
  const work = mkdtempSync(join(tmpdir(), 'admind-schemas-'));
  try {
    const file = join(work, 'program.mjs');
    const program = `
import { build } from 'esbuild';
import { compiledSchemas } from ${JSON.stringify(resolve('scripts/compiled-schemas.js'))};
await build({
  stdin: { contents: ${JSON.stringify(PROGRAM)}, resolveDir: ${JSON.stringify(resolve('src'))} },
  outfile: ${JSON.stringify(file)}, bundle: true, format: 'esm', platform: 'node', logLevel: 'error',
  plugins: [compiledSchemas(${JSON.stringify(resolve('.'))})],
});`;
    execFileSync(process.execPath, ['--input-type=module', '-e', program]);
    return JSON.parse(execFileSync(process.execPath, [file, JSON.stringify(CASES)], { encoding: 'utf8' }));
  } finally {
    rmSync(work, { recursive: true });
  }
}

const PROGRAM = `
import { compileSchema } from './config/compile-schema.js';
const answers = JSON.parse(process.argv[2]).map(([name, data]) => {
  const validate = compileSchema(name);
  return { isValid: validate(data), data, errors: validate.errors ?? null };
});
process.stdout.write(JSON.stringify(answers));
`;
