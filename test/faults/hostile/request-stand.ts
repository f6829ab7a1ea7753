import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sleep } from '../../../src/core/clock.js';
import { messageOf } from '../../../src/core/errors.js';
import { TOKEN } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';
import { requireKnownAnswer } from './answer-rules.js';
import type { RequestCase } from './corpus/request.js';
import { exchangeRaw, parseAnswers, show } from './raw-http.js';
import { createStand, SECRET, type Stand } from './stand.js';

/** Tries requests on one stand after the other: the next one is made when a request was lost on it. */
export interface RequestStand {
  try(request: RequestCase): Promise<void>;
  /** @throws where memory or open files have grown with the requests that were tried */
  requireBounded(): Promise<void>;
  remove(): Promise<void>;
}

/** Beyond what the first requests took; the heap of a daemon that was busy for minutes may grow by that. */
const GROWTH_LIMIT_BYTES = 160 * 1024 * 1024;
const OPEN_FILES_LIMIT = 20;
const WARM_UP = 30;
/** What changes the appliance, if it is answered with success. */
const ACTS = /^POST |\/(logs|debug|reboot)/m;

export function createRequestStand(): RequestStand {
  let stand: Stand | undefined;
  let before: readonly string[] = [];
  let tried = 0;
  let first: { readonly bytes: number; readonly files: number } | undefined;

  const make = async () => {
    const made = await createStand();
    await made.probe();
    before = made.state();
    tried = 0;
    first = undefined;
    return made;
  };

  const attempt = async (current: Stand, request: RequestCase) => {
    const logged = current.daemon.output().length;
    const known = current.daemon.faults().length;
    const [received] = await Promise.all([exchangeRaw(current.daemon.port, request), current.probe()]).catch(
      (error: unknown) => {
        throw new Error(
          `${messageOf(error)}${current.daemon.isAlive() ? '' : `\n${current.daemon.faults().join('\n')}`}`,
        );
      },
    );
    const answers = parseAnswers(received);
    answers.forEach(requireKnownAnswer);
    requireHidden(received.toString('latin1'), 'an answer');
    await current.settle();
    assert(current.daemon.isAlive(), 'the daemon has ended');
    assert.deepEqual(current.daemon.faults().slice(known), [], 'the daemon tells of a fault of its own');
    requireHidden(current.daemon.output().slice(logged), 'what the daemon prints');
    const sent = Buffer.concat([...request.chunks]).toString('latin1');
    // Cut off without an answer, it may have been done all the same.
    const mayBeDone = answers.length === 0 || answers.some(({ status }) => status < 400);
    const isChanged = ACTS.test(sent) && mayBeDone;
    if (isChanged) {
      // A set-up that was signed may set another token.
      await current.write(current.paths.apiToken, `${TOKEN}\n`);
      // Whoever asks for settings that were accepted is told them.
      await rm(current.paths.appJson, { force: true });
      before = await stateAtRest(current);
    }
    // A request whose client is gone may still be under way.
    const isAsBefore = () => Promise.resolve(isDeepStrictEqual(current.state(), before));
    await poll('the appliance is as it was', isAsBefore, 20_000).catch(() => {
      assert.deepEqual(current.state(), before, 'what was refused has changed the appliance');
    });
  };

  return {
    async try(request) {
      stand ??= await make();
      try {
        await attempt(stand, request);
        tried += 1;
        if (tried === WARM_UP) first = measure(stand);
      } catch (error) {
        const { name } = request;
        await stand.remove();
        stand = undefined;
        const sent = show(Buffer.concat([...request.chunks]).toString('latin1'));
        throw new Error(`${name}: ${messageOf(error)}\nsent: ${sent}`, {
          cause: error,
        });
      }
    },
    async requireBounded() {
      if (!stand || !first) return;
      const { paths, daemon, probe } = stand;
      await probe();
      for (const log of logsOf(paths.log)) requireHidden(readFileSync(log, 'latin1'), log);
      const { bytes, files } = measure(stand);
      assert(
        bytes - first.bytes < GROWTH_LIMIT_BYTES,
        `after ${tried} requests it takes ${bytes} bytes, after ${WARM_UP} ${first.bytes}`,
      );
      assert(
        files - first.files < OPEN_FILES_LIMIT,
        `after ${tried} requests it has ${files} files open, after ${WARM_UP} ${first.files}`,
      );
      assert(daemon.isAlive());
    },
    async remove() {
      await stand?.remove();
    },
  };
}

/** Of an appliance on which a request may still be under way whose client is gone. */
async function stateAtRest(stand: Stand): Promise<readonly string[]> {
  let last: readonly string[] = [];
  return poll('the appliance is at rest', async () => {
    await stand.settle();
    const current = stand.state();
    const isAtRest = isDeepStrictEqual(current, last);
    last = current;
    if (!isAtRest) await sleep(30);
    return isAtRest && current;
  });
}

function measure({ daemon }: Stand): { readonly bytes: number; readonly files: number } {
  return { bytes: daemon.memoryBytes(), files: daemon.openFiles() };
}

function logsOf(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
}

function requireHidden(text: string, where: string): void {
  for (const secret of [TOKEN, SECRET]) assert(!text.includes(secret), `${where} shows a secret`);
}
