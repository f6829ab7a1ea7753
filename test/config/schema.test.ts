import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readEndpointGate } from '../../src/config/endpoint-gate.js';
import { readSettings } from '../../src/config/settings.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-schema-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ODD = '\u001b[2J\u009b31m\r\n\u202eport';

test.each([
  ['an unknown name', JSON.stringify({ [ODD]: 1 })],
  ['what is no JSON', `[${ODD}`],
])('says nothing to a terminal that is not printable: %s in the settings', async (_what, text) => {
  const file = join(directory, 'admind.json');
  await writeFile(file, text);
  let message = '';
  try {
    readSettings(file);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(/^[ -~]+\?[ -~]+$/);
});

test('says nothing that is not printable of an unknown name in the endpoint configuration', async () => {
  const file = join(directory, 'endpoints.json');
  await writeFile(file, JSON.stringify({ endpoints: [ODD], 'first-run': { [ODD]: 1 } }));
  let log = '';
  readEndpointGate(file, pino({}, { write: (line: string) => (log += line) }));
  await writeFile(file, JSON.stringify({ endpoints: [ODD] }));
  readEndpointGate(file, pino({}, { write: (line: string) => (log += line) }));
  const texts = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason?: string; name?: string });
  expect(texts.map(({ reason, name }) => reason ?? name)).toEqual([
    expect.stringMatching(/^[ -~]+$/),
    expect.stringMatching(/^[ -~]+$/),
  ]);
});
