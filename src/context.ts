import { readEndpointGate, type EndpointGate } from './config/endpoint-gate.js';
import { appliancePaths, type Paths } from './config/paths.js';
import { readSettings, type Settings } from './config/settings.js';
import { createLogger, type Logger } from './core/logger.js';
import { createJobLauncher, type JobLauncher } from './jobs/launcher.js';
import type { Operations } from './operations/operations.js';
import { createOwnOperations } from './operations/own.js';
import { createPrivilegedOperations } from './operations/privileged.js';
import { createAuditLog, type AuditLog, type Channel } from './records/audit-log.js';
import { findPrivilegedSide } from './system/privileged-side.js';

/** What the daemon and the SSH command share; built once. Actions and below take just the parts they need. */
export interface ApplianceContext {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly gate: EndpointGate;
  readonly logger: Logger;
  readonly audit: AuditLog;
  readonly launcher: JobLauncher;
  readonly operations: Operations;
  /** Whether this process writes the appliance's files itself, or has the privileged side do it. */
  readonly isPrivileged: boolean;
}

/** Everything that an endpoint may use. */
export interface AppContext extends ApplianceContext {
  /** Serves a pair that was changed on disk from now on. What keeps it from that is logged: the old pair serves on. */
  readonly takeOverCertificate: () => Promise<void>;
  /** Whether the daemon has started, what a crash left included, and does not stop. */
  readonly isReady: () => boolean;
}

export interface ContextOptions {
  /** Directory that stands for `/`; undefined administers the machine itself. */
  readonly root: string | undefined;
  /** The admin directory as the appliance sees it. */
  readonly adminPath: string;
  /** `web`: the daemon, which logs to standard output; `ssh`: a command, which reports trouble on standard error. */
  readonly channel: Channel;
}

/** @throws FatalError with one line that names the setting and what is allowed */
export function createContext({ root, adminPath, channel }: ContextOptions): ApplianceContext {
  const paths = appliancePaths(root, adminPath);
  const settings = readSettings(paths.settings);
  const isDaemon = channel === 'web';
  const logger = isDaemon ? createLogger(settings.logLevel) : createLogger('warn', 2);
  const openPrivileged = findPrivilegedSide(paths.root);
  return {
    paths,
    settings,
    logger,
    gate: readEndpointGate(paths.endpointConfiguration, logger),
    audit: createAuditLog(paths.auditLog, channel, logger),
    launcher: createJobLauncher({
      paths,
      adminPath,
      settings,
      logger,
      runnerOutput: isDaemon ? 'inherit' : 'ignore',
      openPrivileged,
    }),
    operations: openPrivileged
      ? createPrivilegedOperations(openPrivileged)
      : createOwnOperations({ paths, settings, logger }),
    isPrivileged: openPrivileged === undefined,
  };
}
