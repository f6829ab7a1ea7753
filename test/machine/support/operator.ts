import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../../support/poll.js';
import { command, type Output } from './command.js';
import type { Network } from './network.js';

export const TOKEN = 'the-token-of-the-operator';
const READY_TIMEOUT_MS = 60_000;

/** Whoever administers an appliance, from outside of it. */
export interface Operator {
  /** Where the API is expected. */
  address: string;
  readonly tokenFile: string;
  /** `admin-curl`. @returns what it printed; throws when it failed */
  adminCurl(...args: readonly string[]): Promise<string>;
  tryAdminCurl(...args: readonly string[]): Promise<Output>;
  getJson(path: string): Promise<unknown>;
  /** The status code, 0 for no answer, and the body of a request without credentials. */
  curl(path: string, ...args: readonly string[]): Promise<{ status: number; body: string }>;
  /** SHA-256 fingerprint of the certificate that a new connection is shown. */
  servedFingerprint(): Promise<string>;
  /** Resolves once the API answers. */
  waitUntilReady(timeoutMs?: number): Promise<void>;
  /** The first set-up. */
  setToken(): Promise<void>;
  /** Writes a file to send. @returns its path */
  writeFile(name: string, content: string | object): Promise<string>;
}

export function createOperator(network: Network, workspace: string, address: string): Operator {
  const tokenFile = join(workspace, 'token.txt');
  const env = { PATH: process.env.PATH ?? '', ADMIND_TOKEN_FILE: tokenFile, ADMIN_CURL_POLL_SECONDS: '0.2' };
  const url = () => `https://${operator.address}:8443`;
  const signed = (args: readonly string[]) => ['--url', url(), '--insecure', ...args];
  const operator: Operator = {
    address,
    tokenFile,
    adminCurl: (...args) => network.command('scripts/admin-curl', signed(args), { env }),
    tryAdminCurl: (...args) => network.attempt('scripts/admin-curl', signed(args), { env }),
    getJson: async (path) => JSON.parse(await operator.adminCurl('GET', path)) as unknown,
    curl: async (path, ...args) => {
      const options = ['--silent', '--insecure', '--max-time', '5', '--write-out', '\n%{http_code}'];
      const { stdout } = await network.attempt('curl', [...options, ...args, url() + path]);
      const end = stdout.lastIndexOf('\n');
      return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
    },
    servedFingerprint: async () => {
      const peer = ['s_client', '-connect', `${operator.address}:8443`];
      const { stdout } = await network.attempt('openssl', peer, { timeoutMs: 10_000 });
      return fingerprintOf(stdout);
    },
    waitUntilReady: async (timeoutMs = READY_TIMEOUT_MS) => {
      const answers = async () => (await operator.curl('/api/v1/admin/')).status > 0;
      await poll('the API answers', answers, timeoutMs);
    },
    setToken: async () => {
      await writeFile(tokenFile, TOKEN);
      await operator.adminCurl('--no-token', 'POST', '/setup', '-F', `newtoken=<${tokenFile}`);
    },
    writeFile: async (name, content) => {
      const file = join(workspace, name);
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
      return file;
    },
  };
  return operator;
}

/** @param certificate in PEM, text around it does not matter */
export async function fingerprintOf(certificate: string): Promise<string> {
  const options = ['x509', '-noout', '-fingerprint', '-sha256'];
  const printed = await command('openssl', options, { input: certificate });
  return printed.trim().replace(/^.*=/, '');
}
