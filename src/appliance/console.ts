import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { readPassphrase } from './api-token.js';
import { certificateStamp, fingerprintOf, loadCertificate } from './tls-certificate.js';

/** What stands on the appliance's console, for who sets it up. */
export interface ConsoleFacts {
  /** Where the API is reached, one URL per address of this machine. */
  readonly urls: readonly string[];
  /** SHA-256 of the certificate that is served, as openssl prints it; undefined where a proxy serves one. */
  readonly fingerprint: string | undefined;
  /** Of a first run that waits for its set-up. */
  readonly passphrase: string | undefined;
}

/** @throws FatalError where the certificate is broken */
export async function readConsoleFacts(
  paths: Paths,
  { tls, host, port }: Pick<Settings, 'tls' | 'host' | 'port'>,
): Promise<ConsoleFacts> {
  const passphrase = readPassphrase(paths);
  return {
    urls: (host === '' ? listAddresses() : [host]).map((address) => urlOf(address, tls ? port : undefined)),
    fingerprint: tls ? fingerprintOf((await loadCertificate(paths)).certificate) : undefined,
    passphrase,
  };
}

/** Changes whenever the facts may have changed; cheap enough to be asked for again and again. */
export async function consoleStamp(paths: Paths): Promise<string> {
  return JSON.stringify([...listAddresses(), readPassphrase(paths) ?? '', await certificateStamp(paths)]);
}

export function composeBanner({ urls, fingerprint, passphrase }: ConsoleFacts, version: string): string {
  const [first = 'no network address yet', ...more] = urls;
  const lines = [`admind ${version}`, '', `Administration       ${first}`];
  for (const url of more) lines.push(`                     ${url}`);
  if (fingerprint !== undefined) lines.push('Certificate SHA-256', `  ${fingerprint}`);
  if (passphrase !== undefined) lines.push(`Set-up passphrase    ${passphrase}`);
  return `${lines.join('\n')}\n\n`;
}

/** Every address that another machine can use; link-local ones only where there is no other. */
function listAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outward = all.filter(({ internal }) => !internal);
  const routable = outward.filter((one) => !isLinkLocal(one));
  return (routable.length > 0 ? routable : outward).map(({ address }) => address);
}

function isLinkLocal({ address }: NetworkInterfaceInfo): boolean {
  return /^(fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);
}

function urlOf(address: string, port: number | undefined): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `https://${host}${port === undefined || port === 443 ? '' : `:${port}`}`;
}
