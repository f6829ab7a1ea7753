import { createPrivilegedOperations } from '../../src/operations/privileged.js';

test.each([
  ['is longer than an order', 'a'.repeat(100_000), /^Invalid string length for option: newtoken/],
  ['holds what grows in an order', '\u0001'.repeat(4_096), /^Missing or invalid string for option: newtoken/],
])('a token that %s is refused without one', async (_what, token, message) => {
  const operations = createPrivilegedOperations(() => {
    throw new Error('an order was given');
  });
  await expect(operations.setToken(token, 'none')).rejects.toMatchObject({
    kind: 'badRequest',
    message: expect.stringMatching(message) as string,
  });
});
