import { X509Certificate } from 'node:crypto';
import { createSelfSigned, readSelfSigned } from '../appliance/tls-certificate.js';
import { journalOf, type Paths } from '../config/paths.js';
import type { Logger } from '../core/logger.js';
import { lockOf } from '../jobs/acquire.js';
import { findFileChange, replaceFiles } from '../system/file-change.js';
import { acquireLock } from '../system/lock.js';

/** What is left of it when a certificate is renewed. */
const RENEW_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Renews the self-signed certificate that the daemon itself has made: before it expires, and when the clock shows that
 * it was made at a wrong time. Any other certificate is its owner's business. Does nothing while a certificate is
 * being changed, or while such a change has not been put back.
 *
 * @param force renews it now
 * @returns whether there is a new one
 */
export async function renewCertificate(
  { paths, logger }: { readonly paths: Paths; readonly logger: Logger },
  force = false,
): Promise<boolean> {
  const served = await readSelfSigned(paths);
  if (!served || !(force || isDue(new X509Certificate(served)))) return false;
  const lock = await acquireLock(lockOf('certs', paths));
  if (!lock) return false;
  try {
    const journal = journalOf(paths, 'certs');
    if ((await findFileChange(journal)) || (await readSelfSigned(paths)) !== served) return false;
    const change = await replaceFiles(journal, await createSelfSigned(paths));
    await change.commit({});
    await change.close();
    logger.info('self-signed TLS certificate renewed');
    return true;
  } finally {
    await lock.release();
  }
}

function isDue({ validFrom, validTo }: X509Certificate): boolean {
  const now = Date.now();
  return now < Date.parse(validFrom) || now > Date.parse(validTo) - RENEW_DAYS * DAY_MS;
}
