import type { Response } from 'supertest';
import { messageOf } from '../../../src/core/errors.js';
import type { Stand } from './stand.js';
import type { Subject } from './subject.js';
import type { Answer, Files } from './trial.js';

/** Asks a daemon for the job of a subject. */
export async function ask(
  { daemon }: Pick<Stand, 'daemon'>,
  { request: { method, path, fields = {} } }: Subject,
  files: Files,
): Promise<Answer> {
  const call = daemon.call(method, path);
  for (const [name, value] of Object.entries(fields)) void call.field(name, value);
  for (const [name, file] of Object.entries(files)) void call.attach(name, file);
  return call.then(
    ({ status, text }: Response) => ({ code: status, text }),
    (error: unknown) => ({ code: undefined, text: messageOf(error) }),
  );
}
