import type { ErrorKind } from '../core/errors.js';

/** Status code and reason of each kind of error in version 1 of the API. */
export const V1_STATUS: Readonly<Record<ErrorKind, readonly [code: number, reason: string]>> = {
  badRequest: [400, 'Bad Request'],
  forbidden: [403, 'Forbidden'],
  notFound: [404, 'Not Found'],
  tooLarge: [413, 'Content Too Large'],
  rangeNotSatisfiable: [416, 'Range Not Satisfiable'],
  throttled: [429, 'Too Many Requests'],
  internal: [500, 'Internal Server Error'],
  unavailable: [503, 'Service Unavailable'],
};
