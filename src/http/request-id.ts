import { randomBytes } from 'node:crypto';

const DIGITS = 16;
const AT_ONCE = 256;

let reserve = '';

/** 16 hex digits by chance. Many at once: the system call for each would cost more than all else that is done for it. */
export function createRequestId(): string {
  if (reserve === '') reserve = randomBytes((AT_ONCE * DIGITS) / 2).toString('hex');
  const id = reserve.slice(0, DIGITS);
  reserve = reserve.slice(DIGITS);
  return id;
}
