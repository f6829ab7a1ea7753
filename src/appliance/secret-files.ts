import { sftpUploads, type Paths } from '../config/paths.js';

/**
 * The files that hold a token, a key or a password, and the directories of what was handed in and may hold one: they do not
 * belong into what is handed out in plain.
 */
export function secretFiles(paths: Paths): readonly string[] {
  const uploads = sftpUploads(paths);
  return [
    paths.apiToken,
    paths.apiTokenSetup,
    paths.updatesKey,
    paths.tlsPrivateKey,
    paths.tlsBundle,
    paths.storageJson,
    paths.storageConf,
    paths.license,
    ...[uploads.apiToken, uploads.certsPrivate, uploads.storageJson, uploads.storageConf, uploads.license],
    ...[paths.incoming, paths.taken, paths.provisionDirectory],
  ];
}
