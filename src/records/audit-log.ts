import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { printable } from '../core/printable.js';
import { appendToFile } from '../system/append-file.js';

export interface AuditEvent {
  /** 16 hex digits, the id of the request. */
  readonly id: string;
  /** `token.authenticate.failed`, `update.post`, … */
  readonly action: string;
  readonly target: string;
  /** The client's address, if it is known. */
  readonly address: string | undefined;
}

/** `log/jidoteki-audit.log`: who did what when, one line an event. */
export interface AuditLog {
  record(event: AuditEvent): Promise<void>;
}

/** No name and no address is longer. */
const FIELD_SHOWN = 255;

/** How the administrator came in. */
export type Channel = 'web' | 'ssh' | 'console' | 'provision';

/** An event that cannot be written is reported in the daemon's log: it does not stop the administrator. */
export function createAuditLog(file: string, channel: Channel, logger: Logger): AuditLog {
  return {
    async record(event) {
      try {
        await appendToFile(file, auditLine(event, channel), 0o644);
      } catch (error) {
        logger.error({ action: event.action, reason: messageOf(error) }, 'audit event could not be written');
      }
    },
  };
}

function auditLine({ id, action, target, address }: AuditEvent, channel: Channel): string {
  const now = Date.now();
  const seconds = Math.floor(now / 1000);
  const nanoseconds = String((now % 1000) * 1_000_000).padStart(9, '0');
  const source = address === undefined ? '' : `,${printable(address, FIELD_SHOWN)}`;
  return `${seconds}.${nanoseconds},${id},${channel},admin,${action},"${printable(target, FIELD_SHOWN)}"${source}\n`;
}
