import { X509Certificate } from 'node:crypto';
import { createSelfSigned, readSelfSigned } from '../appliance/tls-certificate.js';
import { reloadProxies } from '../appliance/tls-proxies.js';
import { journalOf, type Paths } from '../config/paths.js';
import type { Logger } from '../core/logger.js';
import { lockOf } from '../jobs/acquire.js';
import { EARLIEST_NOW } from '../system/certificate.js';
import { NOTHING_TO_TELL } from '../system/change.js';
import { findFileChange, replaceFiles } from '../system/file-change.js';
import { acquireLock, releaseAfter } from '../system/lock.js';

/** What is left of it when a certificate is renewed. */
const RENEW_DAYS = 30;
const DAY_MS = 86_400_000;

export interface RenewalParts {
  readonly paths: Paths;
  readonly logger: Logger;
}

/**
 * Renews the self-signed certificate that the daemon itself has made: before it expires, and when it is not valid yet,
 * because it was made while the clock was ahead. One that is good for too long, for the same reason, stays: clients may
 * have stored it. Any other certificate is its owner's business. Does nothing while a certificate is being changed, or
 * while such a change has not been put back.
 *
 * @param force renews it now
 * @param now milliseconds since 1970
 * @returns whether there is a new one
 */
export async function renewCertificate(
  { paths, logger }: RenewalParts,
  force = false,
  now = Date.now(),
): Promise<boolean> {
  const served = await readSelfSigned(paths);
  if (!served || !(force || isDue(new X509Certificate(served), now))) return false;
  const lock = await acquireLock(lockOf('certs', paths));
  if (!lock || !(await releaseAfter(lock, () => replace(paths, served)))) return false;
  logger.info('self-signed TLS certificate renewed');
  return true;
}

/**
 * {@link renewCertificate}, and has the proxies on this machine take the new one over. Not for a start: a proxy may wait for
 * that, and with it for its own reload.
 */
export async function renewForProxies(parts: RenewalParts, force = false): Promise<boolean> {
  if (!(await renewCertificate(parts, force))) return false;
  const failure = await reloadProxies(parts.paths);
  if (failure !== undefined)
    parts.logger.error({ reason: failure }, 'a proxy may go on with the old certificate');
  return true;
}

/** @returns false where it was not the one to replace any more */
async function replace(paths: Paths, served: string): Promise<boolean> {
  const journal = journalOf(paths, 'certs');
  if ((await findFileChange(journal)) || (await readSelfSigned(paths)) !== served) return false;
  const change = await replaceFiles(journal, await createSelfSigned(paths));
  await change.commit(NOTHING_TO_TELL);
  await change.close();
  return true;
}

function isDue({ validFrom, validTo }: X509Certificate, now: number): boolean {
  // Says nothing about the certificate, which may be good by a clock that is right.
  if (now < EARLIEST_NOW) return false;
  return now < Date.parse(validFrom) || now > Date.parse(validTo) - RENEW_DAYS * DAY_MS;
}
