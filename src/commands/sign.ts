import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { V1_PREFIX } from '../config/v1-prefix.js';
import { signRequest } from '../auth/credential.js';
import { firstLine } from '../core/first-line.js';
import { FatalError, messageOf } from '../core/errors.js';
import { parseOptions, UsageError, type Command } from './command.js';

const HELP = `Usage: admind sign [--token-file FILE] METHOD PATH

Prints the hash that signs one request: the value of ?hash= for this method and path.
PATH is an endpoint (/version stands for ${V1_PREFIX}/version) or a whole path that starts with /api/.

  --token-file FILE  read the token from the first line of FILE
                     (else from ADMIND_TOKEN, else it is asked for; it is never an argument)

Example: curl "https://appliance:8443${V1_PREFIX}/version?hash=$(admind sign GET /version)"
`;

export const sign: Command = {
  summary: 'print the hash that signs a request',
  async run(args) {
    const { values, positionals } = parseOptions(() =>
      parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { 'token-file': { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const [method, path, ...more] = positionals;
    if (method === undefined || path === undefined || more.length > 0) {
      throw new UsageError('sign takes a METHOD and a PATH');
    }
    if (!/^[A-Z]+$/.test(method))
      throw new UsageError(`METHOD must be in capital letters, such as GET, not "${method}"`);
    const signed = method + fullPath(path);
    process.stdout.write(`${signRequest(await readToken(values['token-file']), signed)}\n`);
    return 0;
  },
};

function fullPath(path: string): string {
  const [bare = ''] = path.split('?');
  if (!bare.startsWith('/')) throw new UsageError(`PATH must start with a slash, not "${bare}"`);
  return bare.startsWith('/api/') ? bare : V1_PREFIX + bare;
}

async function readToken(file: string | undefined): Promise<string> {
  const text =
    file === undefined ? (process.env.ADMIND_TOKEN ?? (await askForToken())) : await readTokenFile(file);
  const token = firstLine(text);
  if (token === '') throw new FatalError('the token is empty');
  return token;
}

async function readTokenFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new FatalError(`Cannot read the token file ${file}: ${messageOf(error)}`);
  }
}

/** The answer is not echoed. */
function askForToken(): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError('no token: give --token-file or ADMIND_TOKEN');
  process.stderr.write('API token: ');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    prompt.once('SIGINT', () => {
      prompt.close();
      reject(new FatalError('no token was given'));
    });
    prompt.question('', (answer) => {
      prompt.close();
      process.stderr.write('\n');
      resolve(answer);
    });
  });
}
