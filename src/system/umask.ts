/** Nobody but the owner writes what is made without a mode of its own: programs started with a looser umask would plant files. */
const OTHERS_WRITE = 0o022;

/**
 * Has this process, and the programs that it starts, make no file or directory that others may write, whatever umask it was
 * started with; a stricter one stays.
 */
export function restrictUmask(): void {
  process.umask(process.umask(OTHERS_WRITE) | OTHERS_WRITE);
}
