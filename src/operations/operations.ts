import type { ErrorKind } from '../core/errors.js';
import type { LicenseReading } from '../appliance/license.js';
import type { Service } from '../appliance/services.js';

/** What needs the rights that the daemon of an appliance lacks, and is no job. */
export interface Operations {
  /**
   * Sets the API token.
   *
   * @param replace the caller has shown the current token; otherwise this is a first set-up
   * @returns false when another first set-up was faster
   * @throws AdminError `badRequest` for a token that is not allowed
   */
  setToken(token: string, replace: boolean): Promise<boolean>;
  /** Stops a backup that runs, and deletes the archive and its status. */
  stopBackup(): Promise<void>;
  /** The state of every service, after two seconds at most. */
  readServices(): Promise<readonly Service[]>;
  /** What the vendor's `license.sh` says of the licence in place. */
  readLicense(): Promise<LicenseReading>;
}

/** An operation as the privileged side is asked for it. */
export type OperationOrder =
  | { readonly operation: 'set-token'; readonly token: string; readonly replace: boolean }
  | { readonly operation: 'stop-backup' | 'services' | 'license' };

/** Its answer. */
export type OperationReport =
  | { readonly report: 'done'; readonly result?: unknown }
  | {
      readonly report: 'refused';
      readonly kind: ErrorKind;
      readonly message: string;
      readonly code?: string | undefined;
      readonly detail?: string | undefined;
    };
