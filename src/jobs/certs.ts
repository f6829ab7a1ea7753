import type { X509Certificate } from 'node:crypto';
import { bundleOf, certificateFiles, type CertificateSet } from '../appliance/certificate-files.js';
import {
  readCertificates,
  readPrivateKey,
  requireServerKey,
  type Certificates,
  type PrivateKey,
} from '../appliance/certificate-upload.js';
import { describeReload, RELOAD_PROXIES_SCRIPT } from '../appliance/tls-proxies.js';
import { AdminError, messageOf } from '../core/errors.js';
import { parseKeyPair } from '../system/certificate.js';
import { inIssuingOrder, isIssuedThrough } from '../system/certificate-chain.js';
import { exists } from '../system/exists.js';
import { publicKeyHash } from '../system/public-key-hash.js';
import { tlsReasonOf, tryHandshake } from '../system/trial-handshake.js';
import { JobFailure, type Job, type JobContext } from './job.js';

/** The names that the log calls the files by, whatever the client called them. */
const PUBLIC = 'appliance.pem';
const PRIVATE = 'appliance.key';
const CA = 'ca.pem';

/**
 * Checks a certificate and its key, tries them in a handshake, then replaces the pair that is served. Used by: POST
 * /api/v1/admin/certs. Every line of its log but the first and the last has no prefix.
 */
export const certsJob: Job = {
  name: 'certs',
  title: 'Certs',
  stages: { check: 10, handshake: 50, replace: 70, reload: 80 },
  texts: {
    started: () => 'Validating and adding TLS certificates',
    succeeded: () => 'Add TLS certificates successful',
    failed: () => 'Invalid or missing TLS certificate files',
  },
  savesImage: true,
  status: (paths) => ({ text: paths.certsStatus }),
  log: (paths) => ({ file: paths.certsLog, mode: 0o644 }),
  inputs: (paths) => ({ public: paths.certsPublic, private: paths.certsPrivate, ca: paths.certsCa }),
  staged: (paths) => [paths.certsPublic, paths.certsPrivate, paths.certsCa],
  async run(context) {
    try {
      const set = await check(context);
      await context.stage('handshake');
      await dryRun(context, set);
      await context.stage('replace');
      await context.replaceFiles(await certificateFiles(set, context.paths));
      await context.stage('reload');
      await tellProxies(context);
      return undefined;
    } catch (error) {
      if (context.signal.aborted) throw error;
      await context.log.plain(messageOf(error));
      throw new JobFailure({ message: messageOf(error) }, { isLogged: true, cause: error });
    }
  },
  afterUndo: tellProxies,
};

/** @throws AdminError that says what is wrong with the files */
async function check(context: JobContext): Promise<CertificateSet> {
  const { paths, log } = context;
  await log.plain(`Checking public key: ${PUBLIC}`);
  const sent = await readCertificates(paths.certsPublic, PUBLIC);
  await log.plain(`Checking private key: ${PRIVATE}`);
  const key = await readPrivateKey(paths.certsPrivate, PRIVATE);
  const own = await findOwn(context, sent, key);
  await warnOfDates(context, 'TLS', own);

  const authorities = (await exists(paths.certsCa)) ? await readSentAuthorities(context) : undefined;
  if (authorities && !isIssuedThrough(own, sent, authorities)) {
    throw new AdminError('badRequest', `Invalid file: ${CA}. It has not issued the certificate in ${PUBLIC}`);
  }
  return {
    key: key.pem,
    certificates: inIssuingOrder(sent, own),
    servedAuthorities: authorities ? inIssuingOrder(authorities, own, sent) : [],
    authorities,
  };
}

/** The certificate that the key belongs to; the file may hold its chain in any order. */
async function findOwn(
  { log }: JobContext,
  sent: Certificates,
  { key }: PrivateKey,
): Promise<X509Certificate> {
  const matching = sent.find((one) => one.checkPrivateKey(key));
  const own = matching ?? sent[0];
  requireServerKey(own, PUBLIC);
  await log.plain(`Public key SHA256 hash:  ${publicKeyHash(own.publicKey)}  -`);
  await log.plain(`Private key SHA256 hash: ${publicKeyHash(key)}  -`);
  if (!matching) throw new AdminError('badRequest', 'Public/private key SHA256 hash mismatch');
  return own;
}

async function readSentAuthorities(context: JobContext): Promise<Certificates> {
  await context.log.plain(`Checking CA certificate: ${CA}`);
  const authorities = await readCertificates(context.paths.certsCa, CA);
  for (const authority of authorities) await warnOfDates(context, 'CA', authority);
  return authorities;
}

/**
 * Never fails: a clock that is wrong, or the next certificate that is not there yet, must not lock anyone out. An
 * expired certificate is warned of in the two lines that existing appliances have.
 */
async function warnOfDates(
  { log }: JobContext,
  kind: string,
  { validFrom, validTo }: X509Certificate,
): Promise<void> {
  if (!isPast(validFrom))
    await log.plain(`WARNING: ${kind} Certificate is not yet valid: notBefore=${validFrom}`);
  if (!isPast(validTo)) return;
  await log.plain(`WARNING: ${kind} Certificate is expired: notAfter=${validTo}`);
  await log.plain('Certificate will expire');
}

function isPast(date: string): boolean {
  return Date.parse(date) <= Date.now();
}

/** Tries what would be written. @throws AdminError with the reason why it cannot be served */
async function dryRun({ log }: JobContext, set: CertificateSet): Promise<void> {
  try {
    const { protocol, cipher } = await tryHandshake(parseKeyPair(bundleOf(set)));
    await log.plain(`Dry-run TLS certificate: ${protocol}, ${cipher}`);
  } catch (error) {
    throw new AdminError('badRequest', `Dry-run TLS certificate: failed, ${tlsReasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Proxies on this machine serve the same files. @throws AdminError when one of them does not take them over */
async function tellProxies(context: JobContext): Promise<void> {
  const timeoutMs = context.settings.scriptTimeLimitMs;
  const failure = describeReload(await context.runScript(RELOAD_PROXIES_SCRIPT, [], { timeoutMs }));
  if (failure !== undefined) throw new AdminError('internal', failure);
}
