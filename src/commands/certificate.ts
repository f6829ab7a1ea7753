import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fingerprintOf, loadCertificate } from '../appliance/tls-certificate.js';
import { DEFAULT_ADMIN_PATH } from '../config/paths.js';
import { createContext } from '../context.js';
import { renewCertificate } from '../operations/renew-certificate.js';
import { parseOptions, UsageError, type Command } from './command.js';

const HELP = `Usage: admind certificate show|renew [--root DIR] [--force]

  show     print subject, end and SHA-256 fingerprint of the certificate that is served
  renew    renew the self-signed certificate that admind made, if it expires within 30 days or the clock is outside
           of its validity; any other certificate stays

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
    const { env } = process;
    const root = values.root ?? env.ADMIND_ROOT;
    const [verb, ...more] = positionals;
    if ((verb !== 'show' && verb !== 'renew') || more.length > 0) {
      throw new UsageError('say what to do. Allowed: show, renew');
    }
    const context = createContext({
      root: root ? resolve(root) : undefined,
      adminPath: env.JIDO_ADMIN_PATH || DEFAULT_ADMIN_PATH,
      channel: 'console',
    });
    if (verb === 'show') {
      process.stdout.write(describe((await loadCertificate(context.paths)).certificate));
    } else {
      const isNew = await renewCertificate(context, values.force);
      process.stdout.write(isNew ? 'The certificate was renewed\n' : 'The certificate stays\n');
    }
    return 0;
  },
};

function describe(pem: string): string {
  const { subject, validTo } = new X509Certificate(pem);
  return `Subject: ${subject.replaceAll('\n', ', ')}\nValid to: ${validTo}\nSHA-256: ${fingerprintOf(pem)}\n`;
}
