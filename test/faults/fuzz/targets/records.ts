import { isObject } from '../../../../src/appliance/settings-file.js';
import { readJobStatus } from '../../../../src/records/job-status.js';
import { readLogTail } from '../../../../src/records/job-log.js';
import { findFileChange } from '../../../../src/system/file-change.js';
import { inputFile } from '../input-file.js';

/** Status, log and journal of a job: whatever is in them, they are read. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const file = inputFile(bytes);
  const { fields } = await readJobStatus({ json: file, text: file, errorMessage: file, errorCode: file });
  if (!isObject(fields)) throw new Error('a status without fields');
  await readLogTail(file, 10);
  await findFileChange(file);
};
