import { readServices, type Service, type ServiceParts } from '../appliance/services.js';
import { createShare } from '../core/share.js';

const share = createShare<readonly Service[]>();

/** The state of every service, in the form of the API. Used by: GET /api/v1/admin/services. */
export async function listServices(parts: ServiceParts): Promise<Record<string, unknown>> {
  const services = await share(parts.paths.serviceList, () => readServices(parts));
  return { services: services.map(({ name, state }) => ({ [name]: state })) };
}
