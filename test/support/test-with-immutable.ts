import { mayMakeImmutable } from './immutable.js';

/** `test`, or `test.skip` where no file can be made immutable. */
export const testWithImmutable = mayMakeImmutable() ? test : test.skip;
