import assert from 'node:assert/strict';
import { readBackupList } from '../../../../src/appliance/backup-list.js';
import { isObject } from '../../../../src/appliance/settings-file.js';
import { readVersion } from '../../../../src/appliance/version.js';
import { appliancePaths } from '../../../../src/config/paths.js';
import { ArchiveError } from '../../../../src/package/archive-error.js';
import { readManifest } from '../../../../src/package/bundle-manifest.js';
import { readJobStatus } from '../../../../src/records/job-status.js';
import { readLogTail } from '../../../../src/records/job-log.js';
import { findFileChange } from '../../../../src/system/file-change.js';
import { inputFile } from '../input-file.js';
import { only } from '../only.js';

const paths = appliancePaths(process.cwd());

/** Status, log and journal of a job, and the lists and manifests beside them: whatever is in them, they are read. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const file = inputFile(bytes);
  const { fields } = await readJobStatus({ json: file, text: file, errorMessage: file, errorCode: file });
  assert(isObject(fields), 'a status without fields');
  await readLogTail(file, 10);
  await findFileChange(file);
  readVersion(file);
  readManifest(bytes.toString());
  await only([ArchiveError], () => readBackupList({ ...paths, backupList: file }));
};
