import { mayMount } from './tmpfs.js';

/** `test`, or `test.skip` where this user may not mount. */
export const testWithMount = mayMount() ? test : test.skip;
