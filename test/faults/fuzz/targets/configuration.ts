import assert from 'node:assert/strict';
import { readEndpointGate } from '../../../../src/config/endpoint-gate.js';
import { readSettings } from '../../../../src/config/settings.js';
import { FatalError } from '../../../../src/core/errors.js';
import { createLogger } from '../../../../src/core/logger.js';
import { inputFile } from '../input-file.js';

const logger = createLogger('silent');

/** `admind.json`, taken or refused in one line, and `jidoteki-admin-api.json`, which never keeps the daemon from starting. */
// eslint-disable-next-line @typescript-eslint/require-await -- the fuzzer awaits each target
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const file = inputFile(bytes);
  try {
    const settings = readSettings(file);
    assert.deepEqual(readSettings(inputFile(Buffer.from(JSON.stringify(settings)))), settings);
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    assert.match(error.message, /^[ -~]+$/, 'a refusal is not one line that can be shown');
  }
  const gate = readEndpointGate(inputFile(bytes), logger);
  gate.reload();
  gate.isEnabled('backup');
  gate.isParameterEnabled('ca');
  const words = gate.firstRun?.wordLength ?? 1;
  assert(Number.isInteger(words) && words >= 1 && words <= 64, `a passphrase of ${String(words)} words`);
};
