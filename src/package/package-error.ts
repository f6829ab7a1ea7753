export type PackageStage = 'decrypt' | 'signature' | 'extract';

/** What is wrong with an update package or a debug bundle, as one line for the job log; it never holds a secret. */
export class PackageError extends Error {
  override readonly name = 'PackageError';

  constructor(
    readonly stage: PackageStage,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
