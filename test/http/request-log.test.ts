import { jest } from '@jest/globals';
import { AdminError } from '../../src/core/errors.js';
import { UnusableFile } from '../../src/core/read-only.js';
import type { Exchange } from '../../src/http/exchange.js';
import { logError } from '../../src/http/request-log.js';

const unusable = new UnusableFile('Not a regular file', '/etc/api.token');
const system = Object.assign(new Error('EISDIR: illegal operation'), { code: 'EISDIR' });
const fault = new TypeError('a fault of the program');
const hasStack = expect.stringContaining('TypeError') as string;
const notStarted = (cause: Error) =>
  new AdminError('internal', 'Settings could not be started', { detail: cause.message, cause });

test.each([
  ['a directory or a pipe in the place of api.token', unusable, unusable.message, undefined],
  ['a job that the system keeps from starting', notStarted(system), system.message, undefined],
  ['what the program itself has found', new AdminError('internal', 'It is stuck'), 'It is stuck', undefined],
  ['a fault of the program', fault, fault.message, hasStack],
  ['a job that a fault of the program keeps from starting', notStarted(fault), fault.message, hasStack],
])(
  'the log tells why a request has failed, with a stack only of a fault: %s',
  (_what, why, reason, stack) => {
    const error = jest.fn();
    const logger = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error, child: jest.fn() };
    logError(logger as never, { id: '1' } as Exchange, why);
    expect(error).toHaveBeenCalledWith({ requestId: '1', reason, stack }, 'request failed');
  },
);
