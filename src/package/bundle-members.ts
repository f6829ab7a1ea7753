/** What a debug bundle holds: each member's name. */
export const KEY_MEMBER = 'debug.key.enc';
export const DEBUG_MEMBER = 'debug.tar.gz.enc';
export const LOGS_MEMBER = 'logs.tar.gz.enc';

/** In the archive of the debug member. */
export const MANIFEST_NAME = 'manifest.json';
