/** Every endpoint of version 1 lies below this path. */
export const PREFIX = '/api/v1/admin';
