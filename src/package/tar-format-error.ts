/** A tar that cannot be read to its end; the message completes "The archive is malformed: …". */
export class TarFormatError extends Error {
  override readonly name = 'TarFormatError';
}
