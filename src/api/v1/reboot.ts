import { V1_PREFIX } from '../../config/v1-prefix.js';
import type { Endpoint } from '../../http/endpoint.js';
import { accepted } from '../../http/reply.js';

const path = `${V1_PREFIX}/reboot`;

export const reboot: Endpoint = {
  name: 'reboot',
  method: 'GET',
  path,
  summary: 'Reboot the appliance.',
  description:
    'The answer comes at once. The state of a live image is saved first; where that fails, the appliance stays up ' +
    'and its `reboot.log` says why.',
  auth: 'token',
  acts: true,
  example: {
    status: 202,
    contentType: 'application/json',
    body: `{"Status":"202 Accepted","Location":"${path}"}`,
    errors: [[400, 'it reboots already, or a job that must not be cut off is running']],
  },
  refuse: ({ launcher }) => launcher.refuseIfBusy('reboot'),
  async handle({ launcher, audit }, { id, address }) {
    const job = await launcher.start('reboot');
    await audit.record({ id, action: 'reboot.post', target: '', address });
    return accepted(path, () => job.answer());
  },
};
