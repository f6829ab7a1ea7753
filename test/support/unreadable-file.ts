import { existsSync, lstatSync } from 'node:fs';

/** A regular file of some size that can be opened, and not be read, by root either: the loopback device has no speed. */
export const UNREADABLE = '/sys/class/net/lo/speed';

/** `test`, or `test.skip` on a system without such a file. */
export const testWithUnreadable = existsSync(UNREADABLE) && lstatSync(UNREADABLE).size > 0 ? test : test.skip;
