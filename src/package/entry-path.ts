const PATH_LIMIT_BYTES = 4096;
const NAME_LIMIT_BYTES = 255;

/**
 * The names in the path of an archive's entry, without `.` and empty ones; none for the top directory.
 *
 * @param refuse makes the error for a path that is not UTF-8, holds a zero byte, is too long or leads out of the archive
 */
export function entrySegments(path: string, refuse: (reason: string) => Error): string[] {
  if (path.includes('\ufffd')) throw refuse('has a name that is not UTF-8');
  if (path.includes('\0')) throw refuse('has a zero byte in its path');
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) {
    throw refuse(`has a path longer than ${PATH_LIMIT_BYTES} bytes`);
  }
  if (path.startsWith('/')) throw refuse('has an absolute path');
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw refuse('has a ".." in its path');
  if (segments.some((segment) => Buffer.byteLength(segment) > NAME_LIMIT_BYTES)) {
    throw refuse(`has a name longer than ${NAME_LIMIT_BYTES} bytes`);
  }
  return segments;
}
