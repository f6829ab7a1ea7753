import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { prepareSandbox } from '../appliance/sandbox.js';
import { appliancePaths, DEFAULT_ADMIN_PATH } from '../config/paths.js';
import { productVersion } from '../config/product-version.js';
import { FatalError, messageOf } from '../core/errors.js';
import { startDaemon, type Daemon } from '../main.js';
import { keepWatchdogCalm, notifyServiceManager } from '../system/service-manager.js';
import { parseOptions, parsePort, type Command } from './command.js';
import { nextSteps } from './next-steps.js';

const HELP = `Usage: admind serve [--root DIR | --sandbox] [--host ADDRESS] [--port PORT]

Serves the admin API. Without a root it administers this machine.

  --root DIR      put every path of the appliance under DIR; a missing or empty DIR becomes a sandbox appliance
                  (or ADMIND_ROOT)
  --sandbox       the same with ./sandbox, unless a root is named
  --host ADDRESS  listen on this address only (default: all; with a root: 127.0.0.1)
  --port PORT     listen on this port (default: 8443; 0 lets the system choose)

Environment: JIDO_ADMIN_PATH, the admin directory (default ${DEFAULT_ADMIN_PATH});
             JIDO_API_PORT, a plain-HTTP port on 127.0.0.1 for a TLS proxy on this machine.
Signals:     SIGHUP takes over a changed certificate and endpoint configuration, SIGTERM and SIGINT stop gracefully.
`;

export const serve: Command = {
  summary: 'serve the admin API',
  async run(args) {
    const { values } = parseOptions(() =>
      parseArgs({
        args: [...args],
        options: {
          root: { type: 'string' },
          sandbox: { type: 'boolean' },
          host: { type: 'string' },
          port: { type: 'string' },
          help: { type: 'boolean', short: 'h' },
        },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const { env } = process;
    const named = values.root ?? env.ADMIND_ROOT ?? (values.sandbox === true ? 'sandbox' : undefined);
    if (named === '') throw new FatalError('--root must name a directory');
    const root = named === undefined ? undefined : resolve(named);
    const adminPath = env.JIDO_ADMIN_PATH || DEFAULT_ADMIN_PATH;
    if (root !== undefined) await prepareSandbox(root, appliancePaths(root, adminPath));
    const starting = startDaemon({
      root,
      adminPath,
      host: values.host,
      port: values.port === undefined ? undefined : parsePort(values.port, '--port'),
      proxyPort: env.JIDO_API_PORT ? parsePort(env.JIDO_API_PORT, 'JIDO_API_PORT') : undefined,
    });
    // From the start: what was read by then may have changed. A start that fails is told by itself.
    process.on(
      'SIGHUP',
      () =>
        void starting.then(
          (daemon) => daemon.reload().catch(complain),
          () => undefined,
        ),
    );
    const daemon = await starting;
    // First: systemd may send a signal as soon as it is told.
    const stopped = serveUntilStopped(daemon);
    if (root !== undefined) hint(() => nextSteps(root, daemon, productVersion()));
    await notifyServiceManager('READY=1');
    return stopped;
  },
};

/** The daemon serves on without: whoever started it may be gone by now, or the disk of its output full. */
function hint(compose: () => string): void {
  try {
    process.stdout.on('error', () => undefined).write(compose());
  } catch (error) {
    complain(error);
  }
}

function complain(error: unknown): void {
  process.stderr.write(`admind: ${messageOf(error)}\n`);
}

function serveUntilStopped(daemon: Daemon): Promise<number> {
  const leaveWatchdog = keepWatchdogCalm();
  process.stderr.on('error', () => undefined);
  return new Promise((resolveStatus, reject) => {
    const stop = async () => {
      void notifyServiceManager('STOPPING=1');
      await daemon.stop();
      await leaveWatchdog();
    };
    const stopAsTold = () => void stop().then(() => resolveStatus(0));
    daemon.fault.catch((error: unknown) => void stop().then(() => reject(error as Error)));
    process.once('SIGTERM', stopAsTold).once('SIGINT', stopAsTold);
  });
}
