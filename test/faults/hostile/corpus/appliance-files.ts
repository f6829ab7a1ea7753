import { journalOf, type Paths } from '../../../../src/config/paths.js';
import { lockOf } from '../../../../src/jobs/acquire.js';
import { jobs, type JobName } from '../../../../src/jobs/index.js';
import { basename, join } from 'node:path';

/** Every file of an appliance that the daemon or a job reads. */
export function applianceFiles(paths: Paths): readonly string[] {
  const names = Object.keys(jobs) as JobName[];
  const statuses = names.flatMap((name) =>
    Object.values(jobs[name].status(paths)).filter((file) => typeof file === 'string'),
  );
  const logs = names.map((name) => jobs[name].log(paths).file);
  return [
    ...[paths.settings, paths.endpointConfiguration, paths.apiToken, paths.apiTokenSetup],
    ...[paths.version, paths.changelog, paths.build, paths.health, paths.license],
    ...[paths.networkJson, paths.appJson, paths.networkConf, paths.storageJson, paths.storageConf],
    ...[paths.storageOptions, paths.backupList, paths.logsList, paths.debugList, paths.serviceList],
    ...[paths.tlsBundle, paths.tlsPrivateKey, paths.tlsCertificate, paths.selfSigned, paths.tlsCa],
    ...[paths.caBundle, paths.updatesKey, paths.updatesPublicKey, paths.auditLog, paths.tokenLog],
    ...[paths.backupArchive, paths.logsArchive, paths.debugBundle],
    ...logs,
    ...logs.map((log) => join(paths.logEnds, basename(log))),
    ...new Set(statuses),
    ...names.flatMap((name) => [journalOf(paths, name), join(lockOf(name, paths), '1.claim')]),
  ].filter((file, index, all) => all.indexOf(file) === index);
}
