import { get } from 'node:https';
import { parseArgs } from 'node:util';
import { appliancePaths } from '../config/paths.js';
import { readSettings } from '../config/settings.js';
import { sleep } from '../core/clock.js';
import { FatalError, messageOf } from '../core/errors.js';
import { parseOptions, UsageError, type Command } from './command.js';

const HELP = `Usage: admind wait-ready [--url URL] [--timeout SECONDS]

Waits until an appliance answers GET /healthz with 200. Exit status 1 when it does not in time.

  --url URL          the appliance (default: https://127.0.0.1 with the port of this machine's settings)
  --timeout SECONDS  how long to wait (default: 120)
`;

const DEFAULT_TIMEOUT_SECONDS = '120';
const POLL_MS = 250;
const ANSWER_MS = 5_000;

export const waitReady: Command = {
  summary: 'wait until an appliance is ready',
  async run(args) {
    const { values } = parseOptions(() =>
      parseArgs({
        args: [...args],
        options: {
          url: { type: 'string' },
          timeout: { type: 'string', default: DEFAULT_TIMEOUT_SECONDS },
          help: { type: 'boolean', short: 'h' },
        },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    if (!/^\d{1,6}$/.test(values.timeout))
      throw new UsageError('--timeout must be a whole number of seconds');
    await awaitReady(parseUrl(values.url), Number(values.timeout) * 1000);
    return 0;
  },
};

function parseUrl(text = `https://127.0.0.1:${readSettings(appliancePaths(undefined).settings).port}`): URL {
  const url = URL.canParse(text) ? new URL('/healthz', text) : undefined;
  if (url?.protocol !== 'https:') throw new UsageError('--url must be an https URL');
  return url;
}

async function awaitReady(url: URL, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await ask(url).catch(messageOf);
    if (seen === 200) return;
    if (performance.now() > deadline) {
      throw new FatalError(`${url.origin} is not ready after ${timeoutMs / 1000} seconds. Last: ${seen}`);
    }
    await sleep(POLL_MS);
  }
}

/** The certificate is not checked: nothing secret is sent, and before the first set-up nobody can know it. */
function ask(url: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { rejectUnauthorized: false, agent: false, timeout: ANSWER_MS }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} seconds`)));
    request.on('error', reject);
  });
}
