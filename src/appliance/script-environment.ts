import type { Paths } from '../config/paths.js';

/** The whole environment of a system script or vendor script, as existing appliances call them. */
export function scriptEnvironment({ admin, root }: Paths): Readonly<Record<string, string>> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    JIDO_ADMIN_PATH: admin,
    ...(root === undefined ? {} : { ADMIND_ROOT: root }),
  };
}
