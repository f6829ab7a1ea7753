import type { LicenseReading } from '../appliance/license.js';
import type { Service } from '../appliance/services.js';
import { AdminError } from '../core/errors.js';
import { createTurns } from '../core/turns.js';
import type { Peer } from '../system/peer.js';
import type { OperationOrder, OperationReport, Operations } from './operations.js';

/** The operations by the privileged side: each is one order to a process of its own. */
export function createPrivilegedOperations(open: () => Peer): Operations {
  const takeTurns = createTurns();
  const order = async (what: OperationOrder): Promise<unknown> => {
    const peer = open();
    try {
      void peer.send(what);
      const report = (await peer.receive()) as OperationReport | undefined;
      if (report?.report === 'done') return report.result;
      throw report ? refusal(report) : unreachable(await peer.ended);
    } finally {
      peer.unref();
    }
  };
  return {
    setToken: (token, replaced) =>
      takeTurns(() => order({ operation: 'set-token', token, replaced }) as Promise<boolean>),
    stopBackup: () => order({ operation: 'stop-backup' }) as Promise<undefined>,
    readServices: () => order({ operation: 'services' }) as Promise<readonly Service[]>,
    readLicense: () => order({ operation: 'license' }) as Promise<LicenseReading>,
  };
}

function refusal({ kind, message, code, detail }: OperationReport & { report: 'refused' }): AdminError {
  return new AdminError(kind, message, {
    ...(code === undefined ? {} : { code }),
    ...(detail === undefined ? {} : { detail }),
  });
}

function unreachable(reason: string): AdminError {
  return new AdminError('internal', 'The appliance could not do this now. See its log', {
    detail: `the privileged side gave no answer: ${reason}`,
  });
}
