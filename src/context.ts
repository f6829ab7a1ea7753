import type { EndpointGate } from './config/endpoint-gate.js';
import type { Paths } from './config/paths.js';
import type { Settings } from './config/settings.js';
import type { Logger } from './core/logger.js';
import type { JobLauncher } from './jobs/launcher.js';
import type { AuditLog } from './records/audit-log.js';

/** Everything that an endpoint may use; built once, in `main.ts`. Actions and below take just the parts they need. */
export interface AppContext {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly gate: EndpointGate;
  readonly logger: Logger;
  readonly audit: AuditLog;
  readonly launcher: JobLauncher;
  /** Serves a pair that was changed on disk from now on. What keeps it from that is logged: the old pair serves on. */
  readonly takeOverCertificate: () => Promise<void>;
}
