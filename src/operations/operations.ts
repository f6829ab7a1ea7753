import type { ErrorKind } from '../core/errors.js';
import type { LicenseReading } from '../appliance/license.js';
import type { Service } from '../appliance/services.js';

/**
 * What a new token takes the place of: `none` at a first set-up, the one that a client has shown to know, or `any` for who
 * is root here, and is not asked through the gate.
 */
export type ReplacedToken = 'none' | { readonly known: string } | 'any';

/** What needs the rights that the daemon of an appliance lacks, and is no job. */
export interface Operations {
  /**
   * Sets the API token.
   *
   * @returns false when the token was set, replaced or reset by somebody else meanwhile
   * @throws AdminError `badRequest` for a token that is not allowed
   */
  setToken(token: string, replaced: ReplacedToken): Promise<boolean>;
  /** Stops a backup that runs, and deletes the archive and its status. */
  stopBackup(): Promise<void>;
  /** The state of every service, after two seconds at most. */
  readServices(): Promise<readonly Service[]>;
  /** What the vendor's `license.sh` says of the licence in place. */
  readLicense(): Promise<LicenseReading>;
}

/** An operation as the privileged side is asked for it. */
export type OperationOrder =
  | {
      readonly operation: 'set-token';
      readonly token: string;
      readonly replaced: Exclude<ReplacedToken, 'any'>;
    }
  | { readonly operation: 'stop-backup' | 'services' | 'license' };

/** Its answer. */
export type OperationReport =
  | { readonly report: 'done'; readonly result?: unknown }
  /** The order itself was not taken. */
  | { readonly report: 'error'; readonly message: string }
  | {
      readonly report: 'refused';
      readonly kind: ErrorKind;
      readonly message: string;
      readonly code?: string | undefined;
      readonly detail?: string | undefined;
    };
