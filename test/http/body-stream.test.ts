import { readdir } from 'node:fs/promises';
import { exchangeRaw } from '../faults/hostile/raw-http.js';
import { filePart, head, postParts, signed } from '../faults/hostile/corpus/request.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';

let stand: TestDaemon;

beforeAll(async () => {
  stand = await startTestDaemon();
});
afterAll(() => stand.stop());

const whole = postParts('/update', filePart('update', 'x'.repeat(100)));
const unfinished = head(
  `POST ${signed('POST', '/update')}`,
  'Content-Type: multipart/form-data; boundary=b',
  'Content-Length: 1000',
);

test.each([
  ['ends its side before its form is complete', { chunks: [Buffer.from(unfinished)], patienceMs: 0 }],
  ['vanishes with its form half sent', { chunks: [whole.subarray(0, -40)], vanishes: true }],
  ['vanishes when all of its form is sent', { chunks: [whole], vanishes: true }],
])('a client that %s leaves nothing that it sent', async (_title, request) => {
  // Some of them are gone before the daemon begins to read the form.
  for (let round = 0; round < 20; round += 1) await exchangeRaw(stand.daemon.port ?? 0, request);
  await poll('no upload is left', async () => (await readdir(stand.paths.incoming)).length === 0, 5_000);
});

test('a client that cuts off a form which was refused at its beginning does not end the daemon', async () => {
  const refused = head(
    `POST ${signed('POST', '/update')}`,
    'Content-Type: multipart/form-data; boundary=',
    'Content-Length: 1000',
  );
  // An error that nobody listens to would fail the whole file.
  for (let round = 0; round < 20; round += 1) {
    await exchangeRaw(stand.daemon.port ?? 0, {
      chunks: [Buffer.from(refused)],
      patienceMs: 0,
      vanishes: round % 2 === 0,
    });
  }
  await stand.signed('GET', '/endpoints').expect(200);
});
