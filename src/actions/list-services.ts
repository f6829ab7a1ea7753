import type { Service } from '../appliance/services.js';
import type { Paths } from '../config/paths.js';
import { createShare } from '../core/share.js';
import type { Operations } from '../operations/operations.js';

export interface ListServicesParts {
  readonly paths: Pick<Paths, 'serviceList'>;
  readonly operations: Pick<Operations, 'readServices'>;
}

const share = createShare<readonly Service[]>();

/** The state of every service, in the form of the API. Used by: GET /api/v1/admin/services. */
export async function listServices({
  paths,
  operations,
}: ListServicesParts): Promise<Record<string, unknown>> {
  const services = await share(paths.serviceList, () => operations.readServices());
  return { services: services.map(({ name, state }) => ({ [name]: state })) };
}
