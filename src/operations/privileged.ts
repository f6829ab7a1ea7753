import type { LicenseReading } from '../appliance/license.js';
import type { Service } from '../appliance/services.js';
import { isDoneWithin } from '../core/clock.js';
import { AdminError } from '../core/errors.js';
import { createTurns } from '../core/turns.js';
import type { Peer } from '../system/peer.js';
import type { OperationOrder, OperationReport, Operations } from './operations.js';
import { requireValidToken } from './set-token.js';

/** Longer than a change waits for others: the next one must not wait for one that never ends. */
const CHANGE_LIMIT_MS = 90_000;

/** The operations by the privileged side: each is one order to a process of its own. */
export function createPrivilegedOperations(open: () => Peer): Operations {
  const takeTurns = createTurns();
  const order = async (what: OperationOrder, limitMs?: number): Promise<unknown> => {
    const peer = open();
    try {
      void peer.send(what);
      const received = peer.receive() as Promise<OperationReport | undefined>;
      if (limitMs !== undefined && !(await isDoneWithin(received, limitMs))) {
        peer.abandon();
        throw unreachable(`none within ${limitMs / 1000} s`);
      }
      const report = await received;
      if (report?.report === 'done') return report.result;
      if (report?.report === 'refused') throw refusal(report);
      throw unreachable(report ? report.message : await peer.ended);
    } finally {
      peer.unref();
    }
  };
  return {
    async setToken(token, replaced) {
      if (replaced === 'any') throw new Error('only who has the rights replaces any token');
      // What is no token is refused here: it may be longer than an order.
      requireValidToken(token);
      const change = { operation: 'set-token', token, replaced } as const;
      return takeTurns(() => order(change, CHANGE_LIMIT_MS) as Promise<boolean>);
    },
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
