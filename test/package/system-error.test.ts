import { readFile } from 'node:fs/promises';
import { systemError } from '../../src/package/system-error.js';

describe('systemError', () => {
  test.each([
    ['ENOSPC', 'Cannot write update.staging: No space left on device'],
    ['EDQUOT', 'Cannot write update.staging: Disk quota exceeded'],
    ['ELOOP', 'Cannot write update.staging: ELOOP'],
  ])('says what %s means', (code, message) => {
    const cause = Object.assign(new Error('native text'), { code, syscall: 'write' });
    expect(systemError('decrypt', 'write', '/tmp/update.staging', cause)).toMatchObject({
      stage: 'decrypt',
      message,
      cause,
    });
  });

  test('knows the errors of Node', async () => {
    const cause: unknown = await readFile('/nonexistent').catch((error: unknown) => error);
    expect(systemError('extract', 'read', 'f', cause)).toMatchObject({
      name: 'PackageError',
      stage: 'extract',
    });
  });

  test('leaves other errors as they are', () => {
    const other = Object.assign(new Error('a fault'), { code: 'ERR_INVALID_ARG_TYPE' });
    expect(systemError('decrypt', 'read', 'f', other)).toBe(other);
  });
});
