import { jest } from '@jest/globals';
import { UnusableFile } from '../../src/core/read-only.js';
import type { Exchange } from '../../src/http/exchange.js';
import { logError } from '../../src/http/request-log.js';

test('a directory or a pipe in the place of api.token fails requests without a stack in the log', () => {
  const error = jest.fn();
  const logger = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error, child: jest.fn() };
  logError(
    logger as never,
    { id: '1' } as Exchange,
    new UnusableFile('Not a regular file', '/etc/api.token'),
  );
  expect(error).toHaveBeenCalledWith(
    { requestId: '1', reason: 'Not a regular file: /etc/api.token', stack: undefined },
    'request failed',
  );
  logError(logger as never, { id: '2' } as Exchange, new TypeError('a fault of the program'));
  expect(error).toHaveBeenLastCalledWith(
    { requestId: '2', reason: 'a fault of the program', stack: expect.stringContaining('TypeError') },
    'request failed',
  );
});
