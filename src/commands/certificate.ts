import { X509Certificate } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fingerprintOf, loadCertificate } from '../appliance/tls-certificate.js';
import type { Paths } from '../config/paths.js';
import { errnoOf, FatalError } from '../core/errors.js';
import { renewForProxies } from '../operations/renew-certificate.js';
import type { KeyPair } from '../system/certificate.js';
import { parseOptions, UsageError, type Command } from './command.js';
import { namedRoot, openAppliance } from './open-appliance.js';

const HELP = `Usage: admind certificate show|renew [--root DIR] [--force]

  show     print subject, end and SHA-256 fingerprint of the certificate that is served
  renew    renew the self-signed certificate that admind made, if it expires within 30 days or the clock is outside
           of its validity; any other certificate stays; needs root

  --force  renew it in any case
`;

export const certificate: Command = {
  summary: 'show the TLS certificate, or renew a self-signed one',
  async run(args) {
    const { values, positionals } = parseOptions(() =>
      parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          root: { type: 'string' },
          force: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h' },
        },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const [verb, ...more] = positionals;
    if ((verb !== 'show' && verb !== 'renew') || more.length > 0) {
      throw new UsageError('say what to do. Allowed: show, renew');
    }
    const context = openAppliance(
      namedRoot(values.root),
      'console',
      verb === 'renew' ? 'certificate renew' : undefined,
    );
    if (verb === 'show') {
      process.stdout.write(describe((await loadReadable(context.paths)).certificate));
    } else {
      const isNew = await renewForProxies(context, values.force);
      process.stdout.write(isNew ? 'The certificate was renewed\n' : 'The certificate stays\n');
    }
    return 0;
  },
};

async function loadReadable(paths: Paths): Promise<KeyPair> {
  const { tlsBundle } = paths;
  await access(tlsBundle, constants.R_OK).catch((error: unknown) => {
    if (errnoOf(error) !== 'EACCES') return;
    throw new FatalError(
      `certificate show cannot read ${tlsBundle}: only root and the group of its administrators can. Try sudo admind certificate show`,
    );
  });
  return loadCertificate(paths);
}

function describe(pem: string): string {
  const { subject, validTo } = new X509Certificate(pem);
  return `Subject: ${subject.replaceAll('\n', ', ')}\nValid to: ${validTo}\nSHA-256: ${fingerprintOf(pem)}\n`;
}
