import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Paths } from '../config/paths.js';
import { readBytes } from '../core/read-only.js';
import type { FileReplacement } from '../system/file-change.js';

/** A pair that shall be served, and the authorities that belong to it. */
export interface CertificateSet {
  /** PEM. */
  readonly key: string;
  /** The server's own certificate, then its issuers, as the client sent them. */
  readonly certificates: readonly X509Certificate[];
  /** The authorities that the server sends after them. */
  readonly servedAuthorities: readonly X509Certificate[];
  /** The client's file of authorities; undefined where it sent none. */
  readonly authorities: readonly X509Certificate[] | undefined;
}

const MODE = 0o640;
const PUBLIC_MODE = 0o644;

/**
 * The files under `pki/tls` that make the appliance serve a pair; what it trusts changes with the authorities only. The
 * bundle is the first to be replaced and the last to be put back: it is served where there is one, so that one change of it
 * decides, while key and certificate in their own files belong together only before and after.
 */
export async function certificateFiles(
  set: CertificateSet,
  paths: Paths,
): Promise<readonly FileReplacement[]> {
  const { key, certificates, authorities } = set;
  const pair = [
    { file: paths.tlsBundle, content: bundleOf(set), mode: MODE },
    { file: paths.tlsPrivateKey, content: key, mode: MODE },
    { file: paths.tlsCertificate, content: pemOf(certificates), mode: MODE },
  ];
  if (!authorities) return pair;
  return [
    ...pair,
    { file: paths.tlsCa, content: pemOf(authorities), mode: MODE },
    { file: paths.caBundle, content: await caBundle(authorities, paths), mode: PUBLIC_MODE },
  ];
}

/** Private key, certificates and authorities in one file, as existing appliances have it. */
export function bundleOf({ key, certificates, servedAuthorities }: CertificateSet): string {
  return key + pemOf(certificates) + pemOf(servedAuthorities);
}

async function caBundle(authorities: readonly X509Certificate[], paths: Paths): Promise<string> {
  const system = paths.systemCaBundles.find((file) => existsSync(file));
  const text = system === undefined ? '' : (await readBytes(system)).toString('utf8');
  return text + (text === '' || text.endsWith('\n') ? '' : '\n') + pemOf(authorities);
}

function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map(String).join('');
}
