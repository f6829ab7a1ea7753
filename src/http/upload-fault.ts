import { AdminError, errnoOf, isDiskFull, messageOf } from '../core/errors.js';

/** What kept an upload from being stored, in the words for its client; undefined where it was no system error. */
export function describeUploadFault(error: unknown): AdminError | undefined {
  if (isDiskFull(error)) {
    return new AdminError('tooLarge', 'Not enough disk space on the appliance for this upload', {
      cause: error,
    });
  }
  if (errnoOf(error) === 'EFBIG') {
    return new AdminError('tooLarge', 'The appliance can store no file of this size', { cause: error });
  }
  if (errnoOf(error) === undefined) return undefined;
  return new AdminError('internal', 'The upload could not be stored', {
    detail: messageOf(error),
    cause: error,
  });
}
