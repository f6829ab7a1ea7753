import { basename } from 'node:path';
import { errnoOfSystemCall } from '../core/errors.js';
import { UnusableFile } from '../core/read-only.js';
import { PackageError, type PackageStage } from './package-error.js';

const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EDQUOT: 'Disk quota exceeded',
  EEXIST: 'File exists',
  EFBIG: 'File too large',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  EROFS: 'Read-only file system',
};

/**
 * A failed system call as a {@link PackageError}: what could not be done to which file, and why. Other errors are
 * returned as they are.
 */
export function systemError(
  stage: PackageStage,
  action: 'read' | 'write',
  file: string,
  error: unknown,
): unknown {
  const reason = systemReason(error);
  if (reason === undefined) return error;
  return new PackageError(stage, `Cannot ${action} ${basename(file)}: ${reason}`, { cause: error });
}

/** Why a system call failed, as shells say it; undefined for an error of another kind. */
export function systemReason(error: unknown): string | undefined {
  if (error instanceof UnusableFile) return error.reason;
  const errno = errnoOfSystemCall(error);
  return errno === undefined ? undefined : (TEXTS[errno] ?? errno);
}
