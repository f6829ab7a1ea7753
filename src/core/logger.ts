import { pino, type Logger as PinoLogger } from 'pino';
import { createLogStream } from './log-stream.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

/**
 * Structured log lines on standard output, or on another file descriptor. Callers log names, sizes and identifiers, never
 * a URL with its query, a form, a token or a key; `redact` is the second line of defence.
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
        'known',
        'knownToken',
        'password',
        'key',
        '*.token',
        '*.hash',
        '*.newtoken',
        '*.known',
        '*.knownToken',
        '*.password',
      ],
    },
    createLogStream(fd),
  );
}
