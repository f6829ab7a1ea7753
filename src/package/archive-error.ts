/** What is wrong with a backup or with an archive to restore, as one line for the operator. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}
