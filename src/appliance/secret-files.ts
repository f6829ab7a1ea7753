import type { Paths } from '../config/paths.js';

/** The files that hold a token, a key or a password: they do not belong into what is handed out in plain. */
export function secretFiles(paths: Paths): readonly string[] {
  return [
    paths.apiToken,
    paths.apiTokenSetup,
    paths.updatesKey,
    paths.tlsPrivateKey,
    paths.tlsBundle,
    paths.storageJson,
    paths.storageConf,
    paths.license,
  ];
}
