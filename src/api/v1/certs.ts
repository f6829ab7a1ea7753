import { readJobProgress } from '../../actions/job-progress.js';
import { CERTIFICATE_FILE_LIMIT_BYTES } from '../../appliance/certificate-upload.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';
import { pathsOf, type Endpoint, type FormField } from '../../http/endpoint.js';
import { accepted, json } from '../../http/reply.js';
import { certsJob } from '../../jobs/certs.js';

const path = `${V1_PREFIX}/certs`;

const file = { kind: 'file', limitBytes: CERTIFICATE_FILE_LIMIT_BYTES, isParameter: true } as const;
const form: Readonly<Record<string, FormField>> = {
  public: { ...file, summary: 'The certificate, PEM; its chain may follow it, in any order.' },
  private: { ...file, summary: 'Its private key, PEM: RSA or EC, without a passphrase.' },
  ca: {
    ...file,
    summary: 'The authority that issued it, root or intermediate, PEM.',
    optional: true,
  },
};

export const changeCerts: Endpoint = {
  name: 'certs',
  method: 'POST',
  path,
  summary: 'Replace the TLS certificate that the appliance serves.',
  description:
    'The answer comes once the job has started; follow it with GET /certs. The job checks that key and certificate ' +
    'belong together and that `ca`, where it is given, has issued the certificate; then it tries the pair in a TLS ' +
    'handshake. A certificate that has expired is warned of in the log.\n\n' +
    'New connections get the new certificate as soon as the job has succeeded; open ones go on. Any failure leaves ' +
    'the old one serving. Without `ca` the authority that was sent before stays trusted; send it again to have it ' +
    'served with the certificate.',
  auth: 'token',
  form,
  example: {
    arguments: '-F public=@appliance.pem -F private=@appliance.key -F ca=@ca.pem',
    status: 202,
    contentType: 'application/json',
    body: `{"Status":"202 Accepted","Location":"${path}"}`,
    errors: [
      [400, 'a file is missing, or the certificate cannot change now'],
      [413, 'a file is too large'],
    ],
  },
  refuse: ({ launcher }) => launcher.refuseIfBusy('certs'),
  async handle({ launcher, audit, takeOverCertificate }, { id, address, files }) {
    const job = await launcher.start('certs', pathsOf(files));
    void job.ended.then(takeOverCertificate);
    await audit.record({ id, action: 'certs.post', target: '', address });
    return accepted(path);
  },
};

export const certs: Endpoint = {
  name: 'certs',
  method: 'GET',
  path,
  summary: 'The status of the certificate change and the last 10 lines of its log.',
  description:
    'status is running, success, failed, or null when the certificate was never changed. Who reads success meets the ' +
    'new certificate on the next connection.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body: '{"status":"success","log":"[1459884203][SYSTEM] Add TLS certificates successful\\\\n"}',
  },
  async handle({ paths, takeOverCertificate }) {
    const progress = await readJobProgress(certsJob.status(paths), paths.certsLog);
    await takeOverCertificate();
    return json(progress);
  },
};
