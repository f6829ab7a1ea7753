import { constants } from 'node:fs';
import { READ_ONLY } from '../core/read-only.js';

/**
 * For opening what others may have put there: a link, which whoever may write there could put in its place, is not
 * followed, and a pipe is not waited for.
 */
export const AS_IT_IS = READ_ONLY | constants.O_NOFOLLOW;
