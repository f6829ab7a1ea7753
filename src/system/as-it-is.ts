import { constants } from 'node:fs';

/**
 * For opening what others may have put there: a link, which whoever may write there could put in its place, is not
 * followed, and a pipe is not waited for.
 */
export const AS_IT_IS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
