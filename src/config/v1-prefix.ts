/** Every endpoint of version 1 of the API lies below this path. */
export const V1_PREFIX = '/api/v1/admin';
