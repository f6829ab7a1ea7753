import { listServices } from '../../actions/list-services.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';
import type { Endpoint } from '../../http/endpoint.js';
import { json } from '../../http/reply.js';

export const services: Endpoint = {
  name: 'services',
  method: 'GET',
  path: `${V1_PREFIX}/services`,
  summary: 'Which services of the appliance are running.',
  description:
    'Each is asked by its init script, or systemd where it has none. The answer takes two seconds at most; a service ' +
    'that does not answer in time is not running.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body: '{"services":[{"openssh":"running"},{"jidoteki-admin-api":"running"}]}',
  },
  handle: async (context) => json(await listServices(context)),
};
