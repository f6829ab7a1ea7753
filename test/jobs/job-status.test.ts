import { writeJobStatus } from '../../src/records/job-status.js';

test.each([
  ['running', ['/json {"status":"running","percentage":1}', '/text running']],
  ['success', ['/text success', '/json {"status":"success","percentage":1}']],
  ['failed', ['/text failed', '/json {"status":"failed","percentage":1}']],
] as const)('%s: the JSON tells that it runs while the two files may differ', async (state, expected) => {
  const written: string[] = [];
  const write = (file: string, text: string) => Promise.resolve(void written.push(`${file} ${text.trim()}`));
  await writeJobStatus({ text: '/text', json: '/json' }, state, { percentage: 1 }, write);
  expect(written).toEqual(expected);
});
