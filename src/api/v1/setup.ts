import { sleep } from '../../core/clock.js';
import { AdminError } from '../../core/errors.js';
import type { Endpoint } from '../../http/endpoint.js';
import { ok } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

export const setup: Endpoint = {
  name: 'setup',
  method: 'POST',
  path: `${V1_PREFIX}/setup`,
  summary: 'Set the API token, the first time or anew.',
  description:
    'The first set-up of an appliance needs no credential, unless a first-run passphrase protects it: then the ' +
    'passphrase is the token to sign with. Later the current token or a hash is needed. A refusal takes 2 seconds.',
  auth: 'setup',
  form: {
    newtoken: {
      kind: 'text',
      summary: 'The new token: 1 to 255 printable ASCII characters, no spaces.',
      inQuery: true,
    },
  },
  example: {
    arguments: '-F "newtoken=<-"',
    status: 200,
    contentType: 'application/json',
    body: '{"Status":"200 OK"}',
    errors: [
      [400, 'the new token is missing or not allowed; the current one stays valid'],
      [403, 'a token is set already and the request does not prove to know it'],
    ],
  },
  async handle(context, { id, path, address, knownToken, fields }) {
    const { settings, audit, operations } = context;
    const event = { id, target: path.slice(1), address };
    const replaced = knownToken === undefined ? 'none' : { known: knownToken };
    if (!(await operations.setToken(fields.get('newtoken') ?? '', replaced))) {
      await sleep(settings.setupPauseMs);
      await audit.record({ ...event, action: 'token.setup.failed' });
      throw new AdminError('forbidden', '');
    }
    await audit.record({ ...event, action: 'token.update.success' });
    return ok();
  },
};
