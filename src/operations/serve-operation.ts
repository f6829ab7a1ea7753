import { AdminError, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { MessageChannel } from '../system/message-channel.js';
import type { OperationOrder, OperationReport, Operations } from './operations.js';

/** Carries out one operation in this process and answers with its result. */
export async function serveOperation(
  order: OperationOrder,
  operations: Operations,
  { channel, logger }: { readonly channel: MessageChannel; readonly logger: Logger },
): Promise<void> {
  const report = (message: OperationReport) => channel.send(message);
  try {
    await report({ report: 'done', result: await perform(order, operations) });
  } catch (error) {
    if (error instanceof AdminError) {
      const { kind, message, code, detail } = error;
      await report({ report: 'refused', kind, message, code, detail });
      return;
    }
    logger.error({ operation: order.operation, reason: messageOf(error) }, 'an operation failed');
    await report({ report: 'refused', kind: 'internal', message: '', detail: messageOf(error) });
  }
}

async function perform(order: OperationOrder, operations: Operations): Promise<unknown> {
  switch (order.operation) {
    case 'set-token':
      return operations.setToken(order.token, order.replaced);
    case 'stop-backup':
      return operations.stopBackup();
    case 'services':
      return operations.readServices();
    case 'license':
      return operations.readLicense();
  }
}
