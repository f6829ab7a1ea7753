import request from 'supertest';
import { signRequest } from '../../src/auth/credential.js';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { startDaemon, type Daemon } from '../../src/main.js';
import { createAppliance, TOKEN, type TestAppliance } from './appliance.js';

export interface TestDaemon extends TestAppliance {
  readonly daemon: Daemon;
  readonly url: string;
  /** An unsigned request. `path` is below the v1 prefix, or absolute from `/api/` or `/docs`. */
  call(method: string, path: string): request.Test;
  /** A request signed with the hash of {@link TOKEN}. */
  signed(method: string, path: string): request.Test;
  stop(): Promise<void>;
}

export interface TestDaemonOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called with the appliance before the daemon starts. */
  readonly prepare?: (appliance: TestAppliance) => Promise<void>;
  /** Default: {@link TOKEN}; null for an appliance without one. */
  readonly token?: string | null;
  readonly proxyPort?: number;
}

/** One call: a whole daemon with real TLS on port 0 over an appliance in a temporary directory. */
export async function startTestDaemon(options: TestDaemonOptions = {}): Promise<TestDaemon> {
  const appliance = await createAppliance(options.settings);
  const token = options.token === undefined ? TOKEN : options.token;
  if (token !== null) await appliance.write(appliance.paths.apiToken, `${token}\n`);
  await options.prepare?.(appliance);
  const daemon = await startDaemon({
    root: appliance.root,
    adminPath: DEFAULT_ADMIN_PATH,
    port: 0,
    proxyPort: options.proxyPort,
  });
  const url = `https://127.0.0.1:${daemon.port ?? 0}`;
  const call = (method: string, path: string) => {
    const test = request(url)[method.toLowerCase() as 'get'](fullPath(path));
    return test.disableTLSCerts();
  };
  return {
    ...appliance,
    daemon,
    url,
    call,
    signed(method, path) {
      const [bare = '', query] = fullPath(path).split('?');
      const hash = signRequest(token ?? '', method + bare);
      return call(method, `${bare}?${query === undefined ? '' : `${query}&`}hash=${hash}`);
    },
    async stop() {
      await daemon.stop();
      await appliance.remove();
    },
  };
}

function fullPath(path: string): string {
  return /^\/(api|docs|healthz|$)/.test(path) ? path : `/api/v1/admin${path}`;
}
