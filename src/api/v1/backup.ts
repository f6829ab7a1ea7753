import { readBackup } from '../../actions/read-backup.js';
import { startBackup } from '../../actions/start-backup.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';
import type { AppContext } from '../../context.js';
import { AdminError } from '../../core/errors.js';
import { pathsOf, type Endpoint } from '../../http/endpoint.js';
import { accepted, json, ok, resumableDownload, textFile } from '../../http/reply.js';

const path = `${V1_PREFIX}/backup`;

export const changeBackup: Endpoint = {
  name: 'backup',
  method: 'POST',
  path,
  summary: 'Start a backup, or stop and delete it.',
  description:
    'START makes an archive, backup.tar, of what the appliance names in etc/backup.txt, below /data. The answer comes ' +
    'once the backup has started; follow it with GET /backup. A previous archive stays until the new one is complete. ' +
    'It is refused when the archive would not leave 16 MiB of the disk free.\n\n' +
    'STOP ends a backup that runs and deletes the archive and its status; when there is nothing to stop it does nothing.',
  auth: 'token',
  form: { action: { kind: 'text', summary: 'START or STOP.', isParameter: true, inQuery: true } },
  example: {
    arguments: '-F action=START',
    status: 202,
    contentType: 'application/json',
    body: `{"Status":"202 Accepted","Location":"${path}"}`,
    errors: [[400, 'the action is neither, the appliance has no backup.txt, or a backup cannot start now']],
  },
  async handle(context, { id, address, fields }) {
    const action = actionIn(fields);
    await (action === 'START' ? startBackup(context) : stopBackup(context));
    await context.audit.record({ id, action: 'backup.post', target: action, address });
    return accepted(path);
  },
};

export const backupStatus: Endpoint = {
  name: 'backup',
  method: 'GET',
  path,
  summary: 'The status of the backup.',
  description:
    'status is running, with a percentage; success, with the size of the archive and its SHA-256; or failed, and the ' +
    'log says why.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body:
      '{"status":"success","filesize":"128K",' +
      '"sha256":"6e31a817eb93270848e3c0b3c1d0c2bfa077fbb318f58a2bcbdec8f69f0dd420"}',
    errors: [[404, 'there is no backup']],
  },
  handle: async ({ paths }) => json(await readBackup(paths)),
};

export const backupDownload: Endpoint = {
  name: 'backup',
  method: 'GET',
  path: `${path}/download`,
  summary: 'Download the archive of the last successful backup.',
  description:
    'A tar archive, with a length, a validator and byte ranges: a download that broke off can be resumed (curl -C -).',
  auth: 'token',
  example: {
    arguments: '-o backup.tar',
    status: 200,
    contentType: 'application/x-tar',
    body: '(backup.tar)',
    errors: [
      [404, 'there is no archive'],
      [416, 'the range begins beyond its end'],
    ],
  },
  handle: ({ paths }) => Promise.resolve(resumableDownload(paths.backupArchive, 'application/x-tar')),
};

export const backupLog: Endpoint = {
  name: 'backup',
  method: 'GET',
  path: `${path}/log`,
  summary: 'The whole log of backups and restores.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'text/plain',
    body:
      '[1507206605][SYSTEM] Validating backup file size\n[1507206605][SYSTEM] Starting backup\n' +
      'Created file: /opt/jidoteki/tinyadmin/home/sftp/uploads/backup.tar - size: 128K - hash: ' +
      '6e31a817eb93270848e3c0b3c1d0c2bfa077fbb318f58a2bcbdec8f69f0dd420\n[1507206606][SYSTEM] Backup complete\n',
    errors: [[404, 'there was no backup and no restore yet']],
  },
  handle: ({ paths }) => Promise.resolve(textFile(paths.backupLog)),
};

export const restoreBackup: Endpoint = {
  name: 'backup',
  method: 'POST',
  path: `${path}/restore`,
  summary: 'Restore files from a backup archive.',
  description:
    'The answer comes when the restore has ended. The archive, a tar, plain or gzipped, is checked to its end before ' +
    'anything is replaced; files that it does not hold stay. Owners, modes and times are restored. When anything ' +
    'fails, all is as it was, and GET /backup/log says why. Links may not lead out of /data.',
  auth: 'token',
  form: { archive: { kind: 'file', summary: 'The archive, backup.tar.', isParameter: true } },
  example: {
    arguments: '-F archive=@backup.tar',
    status: 200,
    contentType: 'application/json',
    body: '{"Status":"200 OK"}',
    errors: [
      [400, 'the archive is missing or refused, or a restore cannot start now'],
      [413, 'the archive is larger than the limit or than the free disk space'],
    ],
  },
  refuse: ({ launcher }) => launcher.refuseIfBusy('restore'),
  async handle({ launcher, audit }, { id, address, files }) {
    const job = await launcher.start('restore', pathsOf(files));
    const outcome = await job.ended;
    if (outcome.state === 'failed') {
      throw new AdminError('badRequest', 'Unable to extract backup archive', { detail: outcome.reason });
    }
    await audit.record({ id, action: 'backup.restore', target: 'backup-archive.tar', address });
    return ok();
  },
};

function stopBackup({ launcher, operations }: AppContext): Promise<unknown> {
  return launcher.withhold('backup', () => operations.stopBackup());
}

function actionIn(fields: ReadonlyMap<string, string>): 'START' | 'STOP' {
  const action = fields.get('action')?.toUpperCase();
  if (action === 'START' || action === 'STOP') return action;
  throw new AdminError('badRequest', "Missing or invalid option: action. Expected value 'START' or 'STOP'");
}
