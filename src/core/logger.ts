import { pino, type Logger as PinoLogger } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

const UNWRITTEN_LIMIT_BYTES = 1024 * 1024;

/**
 * Structured log lines on standard output, or on another file descriptor. Callers log names, sizes and identifiers, never a URL with its query, a
 * form, a token or a key; `redact` is the second line of defence.
 */
export function createLogger(level: LogLevel, fd = 1): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: [
        'token',
        'hash',
        'newtoken',
        'password',
        'key',
        '*.token',
        '*.hash',
        '*.newtoken',
        '*.password',
      ],
    },
    // Written beside the event loop: a pipe that nobody reads delays and then loses lines, and stops nothing.
    pino.destination({ fd, sync: false, maxLength: UNWRITTEN_LIMIT_BYTES }),
  );
}
