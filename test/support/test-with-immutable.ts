import { mayMakeImmutable } from './immutable.js';

/** `test`, or `test.skip` where no file can be made immutable: not by this user, or not on the file system of temporary files. */
export const testWithImmutable = mayMakeImmutable() ? test : test.skip;
