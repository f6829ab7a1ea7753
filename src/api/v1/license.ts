import { readLicense } from '../../actions/read-license.js';
import { LICENSE_LIMIT_BYTES } from '../../appliance/license.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';
import { AdminError } from '../../core/errors.js';
import { pathsOf, type Endpoint } from '../../http/endpoint.js';
import { verbatimJson } from '../../http/reply.js';

const path = `${V1_PREFIX}/license`;

const LICENSE =
  '{"app":"enterprise","users":20,"expires":"19 January 2038","name":"Enterprise Company",' +
  '"contact":"cto@enterprise"}';

export const changeLicense: Endpoint = {
  name: 'license',
  method: 'POST',
  path,
  summary: 'Change the license.',
  description:
    "The answer is what the vendor's `license.sh` prints of the new license. One that it cannot read is refused, and " +
    'the previous license stays.',
  auth: 'token',
  form: {
    license: {
      kind: 'file',
      summary: 'The license file, encrypted by the vendor.',
      isParameter: true,
      limitBytes: LICENSE_LIMIT_BYTES,
    },
  },
  example: {
    arguments: '-F license=@license.asc',
    status: 200,
    contentType: 'application/json',
    body: LICENSE,
    errors: [
      [400, 'the file is missing or no valid license, or the license cannot change now'],
      [413, 'the file is too large'],
    ],
  },
  refuse: ({ launcher }) => launcher.refuseIfBusy('license'),
  async handle(context, { id, address, files }) {
    const { launcher, audit } = context;
    const job = await launcher.start('license', pathsOf(files));
    const outcome = await job.ended;
    if (outcome.state === 'failed') throw refusal(outcome);
    await audit.record({ id, action: 'license.post', target: '', address });
    return verbatimJson(outcome.result ?? (await readLicense(context)));
  },
};

export const license: Endpoint = {
  name: 'license',
  method: 'GET',
  path,
  summary: 'The details of the license.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body: LICENSE,
    errors: [[404, 'there is no license, or it is invalid']],
  },
  handle: async (context) => verbatimJson(await readLicense(context)),
};

/** Without an error of its own the job was cut off, or the machine is at fault. */
function refusal({ reason, error }: { reason: string; error?: { message: string } | undefined }): AdminError {
  return error
    ? new AdminError('badRequest', `The license was not changed: ${error.message}`)
    : new AdminError('internal', 'The license change did not end well. See the log of the appliance', {
        detail: reason,
      });
}
