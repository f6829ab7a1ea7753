import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import forge from 'node-forge';
import { describeWith, hasTool, testWith } from './support/tools.js';

const SCRIPT = fileURLToPath(new URL('../scripts/admin-curl', import.meta.url));
const TOKEN = 'testtoken';
const VERSION_HASH = '39791be66bfbce4966b6c3feb7bfcb9118c285fa952b030a9af2fcf64f1a67ac';
const PRINTABLE = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 33 + index));

const shells = [['/bin/sh'], ['dash'], ['bash'], ['busybox', 'sh']]
  .filter(([program = '']) => hasTool(program))
  .map((shell) => ({ shell, name: shell.join(' ') }));
const withScript = testWith('script');

describeWith('curl', 'openssl').each(shells)('admin-curl in $name', ({ shell }) => {
  let appliance: Appliance;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'admin-curl-'));
    appliance = await startAppliance();
    writeFileSync(join(directory, 'ca.pem'), appliance.certificate);
  });
  beforeEach(() => appliance.reset());
  afterEach(() => {
    for (const { pid } of running) process.kill(-pid!, 'SIGKILL'); // of a test that timed out
  });
  afterAll(async () => {
    await appliance.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs the script against the appliance, without a terminal, until it ends. */
  function run(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const command = [...shell, SCRIPT, ...args];
    return runCommand(command, directory, {
      ...options,
      env: {
        ADMIND_URL: appliance.url,
        ADMIND_CACERT: 'ca.pem',
        ADMIND_TOKEN: TOKEN,
        ADMIN_CURL_POLL_SECONDS: '0',
        ...options.env,
      },
    });
  }

  function writeFile(name: string, content: string | Buffer): string {
    writeFileSync(join(directory, name), content);
    return name;
  }

  describe('the signature', () => {
    it('is the documented vector for GET /version', async () => {
      const result = await run(['GET', '/version']);
      expect(result).toEqual({ status: 0, stdout: '{"version":"1.0.0"}\n', stderr: '' });
      expect(appliance.requests).toEqual([
        expect.objectContaining({ method: 'GET', url: `/api/v1/admin/version?hash=${VERSION_HASH}` }),
      ]);
    });

    it.each([
      ['in order', PRINTABLE],
      ['backwards', Array.from(PRINTABLE).toReversed().join('')],
      ['like an option', '-n'],
      ['like an escape', '\\c%s\\n'],
      ['of 255 characters', 'x'.repeat(255)],
    ])('is right for a token of printable ASCII, %s', async (_title, token) => {
      appliance.token = token;
      expect(await run(['GET', '/version'], { env: { ADMIND_TOKEN: token } })).toMatchObject({ status: 0 });
      const file = writeFile('token', token);
      expect(
        await run(['GET', '/version', '--token-file', file], { env: { ADMIND_TOKEN: '' } }),
      ).toMatchObject({
        status: 0,
      });
    });

    it.each([
      ['/version', '/api/v1/admin/version'],
      ['/version/', '/api/v1/admin/version/'],
      ['/api/v1/admin/version', '/api/v1/admin/version'],
      ['/api/v2/status', '/api/v2/status'],
      ['/docs', '/docs'],
      ['/docstore', '/api/v1/admin/docstore'],
      ['/a/../version', '/api/v1/admin/a/../version'],
      ['/%76ersion', '/api/v1/admin/%76ersion'],
      ['/a"b\\c[1-2]{x,y}', '/api/v1/admin/a"b\\c[1-2]{x,y}'],
    ])('covers the path as requested: %s', async (path, sent) => {
      appliance.answer = () => ({ status: 200, body: '{}' });
      expect(await run(['GET', path])).toMatchObject({ status: 0 });
      expect(appliance.requests.map(({ path }) => path)).toEqual([sent]);
    });

    it('does not cover the query, and the hash follows it', async () => {
      appliance.answer = () => ({ status: 202, body: '{}' });
      expect(await run(['POST', '/backup?action=START'])).toMatchObject({ status: 0 });
      expect(appliance.requests[0]).toMatchObject({ method: 'POST', path: '/api/v1/admin/backup' });
      expect(appliance.requests[0]!.url).toMatch(/\?action=START&hash=[0-9a-f]{64}$/);
    });

    it('covers HEAD', async () => {
      const result = await run(['HEAD', '/version']);
      expect(result).toMatchObject({ status: 0, stdout: expect.stringContaining('200 OK') });
      expect(appliance.requests[0]).toMatchObject({ method: 'HEAD' });
    });

    it('is left out with --no-token', async () => {
      const result = await run(['--no-token', 'GET', '/version']);
      expect(result.status).toBe(1);
      expect(appliance.requests[0]!.url).toBe('/api/v1/admin/version');
    });
  });

  describe('the token', () => {
    it.each([
      ['ends without a newline', TOKEN],
      ['ends with a newline', `${TOKEN}\n`],
      ['has CRLF line ends and a second line', `${TOKEN}\r\nsecond\r\n`],
    ])('is the first line of a file that %s', async (_title, content) => {
      const file = writeFile('token', content);
      for (const source of [
        { args: ['--token-file', file], env: { ADMIND_TOKEN: 'wrong' } },
        { args: [`--token-file=${file}`], env: { ADMIND_TOKEN_FILE: 'nowhere' } },
        { args: [], env: { ADMIND_TOKEN_FILE: file, ADMIND_TOKEN: 'wrong' } },
        { args: [], env: { ADMIND_TOKEN: content } },
      ]) {
        expect(await run([...source.args, 'GET', '/version'], { env: source.env })).toMatchObject({
          status: 0,
        });
      }
      expect(await run(['--token-file', '-', 'GET', '/version'], { stdin: content })).toMatchObject({
        status: 0,
      });
    });

    it.each([
      ['missing', 'nowhere', 'cannot read nowhere'],
      ['a directory', '.', 'cannot read .'],
      ['empty', 'empty', 'no token in the first line of empty'],
    ])('is an error when its file is %s', async (_title, file, message) => {
      writeFile('empty', '\n');
      expect(await run(['--token-file', file, 'GET', '/version'])).toEqual({
        status: 2,
        stdout: '',
        stderr: `admin-curl: ${message}\n`,
      });
    });

    it('is an error when there is none and no terminal', async () => {
      const result = await run(['GET', '/version'], { env: { ADMIND_TOKEN: '' } });
      expect(result).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('no token: use --token-file'),
      });
      expect(appliance.requests).toEqual([]);
    });

    withScript('is asked for on the terminal, hidden', async () => {
      const result = await run(['GET', '/version'], {
        env: { ADMIND_TOKEN: '' },
        terminal: true,
        onOutput: (text, stdin) => text.endsWith(`Token for ${appliance.url}: `) && stdin.write(`${TOKEN}\n`),
      });
      expect(result.stdout).toContain('{"version":"1.0.0"}');
      expect(result.stdout).not.toContain(TOKEN);
      expect(result.status).toBe(0);
    });

    withScript('leaves a usable terminal when the question is interrupted', async () => {
      const prompt = `Token for ${appliance.url}: `;
      // A shell that is just about to read notes the first one, and goes on to wait: whoever sits there presses again.
      let again: NodeJS.Timeout | undefined;
      const result = await runCommand(
        [
          '/bin/sh',
          '-c',
          `trap : INT; ${[...shell, SCRIPT].join(' ')} GET /version; echo "exit $?"; stty -a`,
        ],
        directory,
        {
          env: { ADMIND_URL: appliance.url },
          terminal: true,
          onOutput: (text, stdin) => {
            if (text.includes('exit ')) clearInterval(again);
            if (!text.endsWith(prompt)) return;
            stdin.write('\x03');
            again ??= setInterval(() => stdin.write('\x03'), 5_000);
          },
        },
      );
      clearInterval(again);
      expect(result.stdout).toContain('exit 130');
      expect(result.stdout).toMatch(/ echo /);
      expect(appliance.requests).toEqual([]);
    });

    it('shows in no process, and neither do key and hash', async () => {
      const seen = join(directory, 'seen');
      rmSync(seen, { force: true });
      const bin = wrapPrograms(directory, seen);
      appliance.answer = jobAnswers([{ status: 'success', percentage: 100, log: 'done\n' }]);
      const names = [
        'token',
        'key',
        'hash',
        'new_token',
        'first_line',
        'reply',
        'answer',
        'body',
        'line',
        'value',
      ];
      const result = await run(
        ['--wait', 'POST', '/setup', '-F', `newtoken=<${writeFile('new', 'newsecret\n')}`],
        {
          env: {
            PATH: `${bin}:${process.env.PATH}`,
            ...Object.fromEntries(names.map((name) => [name, 'exported'])),
          },
        },
      );
      expect(result).toMatchObject({ status: 0, stdout: expect.stringContaining('done') });

      const record = readFileSync(seen, 'utf8');
      expect(record).toContain('curl --disable --config -');
      expect(record).toContain('openssl dgst -sha256 -binary');
      expect(record).toContain(`PATH=${bin}`);
      const key = createHash('sha256').update(TOKEN).digest('hex');
      const hashes = appliance.requests.map(({ method, path }) => sign(TOKEN, method, path));
      expect(appliance.requests.length).toBeGreaterThanOrEqual(4);
      for (const secret of [TOKEN, 'newsecret', key, ...hashes]) expect(record).not.toContain(secret);
      expect(record).not.toMatch(/hash=[0-9a-f]{64}/);
    });

    it('is not in a trace', async () => {
      const result = await runCommand([...shell, '-x', SCRIPT, 'GET', '/version'], directory, {
        env: { ADMIND_URL: appliance.url, ADMIND_CACERT: 'ca.pem', ADMIND_TOKEN: TOKEN },
      });
      expect(result).toMatchObject({ status: 0, stdout: '{"version":"1.0.0"}\n' });
      expect(result.stderr).not.toMatch(/testtoken|[0-9a-f]{64}/);
    });
  });

  describe('uploads', () => {
    it('arrive intact', async () => {
      const content = randomBytes(3_000_000);
      appliance.answer = () => ({ status: 202, body: '{"Status":"202 Accepted"}' });
      const result = await run(['POST', '/update', '-F', `update=@${writeFile('package 1.enc', content)}`]);
      expect(result).toEqual({ status: 0, stdout: '{"Status":"202 Accepted"}\n', stderr: '' });
      expect(formField(appliance.requests[0]!, 'update').equals(content)).toBe(true);
    });

    withScript('show their progress on a terminal', async () => {
      appliance.answer = () => ({ status: 202, body: '{"Status":"202 Accepted"}' });
      const file = writeFile('package.enc', randomBytes(300_000));
      const result = await run(['POST', '/update', '-F', `update=@${file}`], { terminal: true });
      expect(result.stdout).toContain('100.0%');
      expect(result.stdout).toContain('{"Status":"202 Accepted"}');
    });

    it.each([
      ['a newline', `${PRINTABLE}\n`],
      ['no newline', PRINTABLE],
      ['CRLF and a second line', `${PRINTABLE}\r\nmore`],
    ])('POST /setup sends the token of a file with %s', async (_title, content) => {
      appliance.answer = () => ({ status: 200, body: '{"Status":"200 OK"}' });
      writeFile('new', content);
      for (const form of [['-F', 'newtoken=<new'], ['--form', 'newtoken=<new'], ['-Fnewtoken=<new']]) {
        expect(await run(['--no-token', 'POST', '/setup', ...form])).toMatchObject({ status: 0, stderr: '' });
      }
      expect(await run(['POST', '/setup', '-F', 'newtoken=<-'], { stdin: content })).toMatchObject({
        status: 0,
      });
      for (const request of appliance.requests)
        expect(formField(request, 'newtoken').toString()).toBe(PRINTABLE);
      expect(appliance.requests).toHaveLength(4);
    });

    it.each([
      [['-F', 'newtoken=secret']],
      [['-Fnewtoken=secret']],
      [['--form', 'newtoken=secret']],
      [['-F', 'newtoken=@secret']],
      [['--form-string', 'newtoken=<secret']],
      [['-d', 'newtoken=secret']],
      [['-d', 'a=b&newtoken=<secret']],
    ])('%j is refused: a process list would show it', async (args) => {
      const result = await run(['POST', '/setup', ...args]);
      expect(result).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringContaining("-F 'newtoken=<FILE'"),
      });
      expect(result.stderr).not.toContain('secret');
      expect(appliance.requests).toEqual([]);
    });

    it.each(['update=@-', 'update=<-', 'update=@-;type=text/plain'])('-F %s is refused', async (form) => {
      const result = await run(['POST', '/update', '-F', form]);
      expect(result).toMatchObject({ status: 2, stderr: expect.stringContaining('standard input') });
    });
  });

  describe('replies', () => {
    it('403 exits 1 and says why', async () => {
      const result = await run(['GET', '/version'], { env: { ADMIND_TOKEN: 'wrong' } });
      expect(result).toEqual({
        status: 1,
        stdout: '{"Status":"403 Forbidden","Error-Message":"Authentication error"}\n',
        stderr: 'admin-curl: 403 Forbidden: Authentication error\n',
      });
    });

    it('404 without a message exits 1', async () => {
      appliance.answer = () => ({ status: 404, body: '{"Status":"404 Not Found"}' });
      expect(await run(['GET', '/nothing'])).toEqual({
        status: 1,
        stdout: '{"Status":"404 Not Found"}\n',
        stderr: 'admin-curl: 404 Not Found\n',
      });
    });

    it('413 in the middle of an upload exits 1', async () => {
      appliance.refuseUploads = true;
      const file = writeFile('package.enc', randomBytes(8_000_000));
      const result = await run(['POST', '/update', '-F', `update=@${file}`]);
      expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining('413 Content Too Large') });
    });

    it('text and downloads are passed on byte for byte', async () => {
      const body = Buffer.concat([randomBytes(200_000), Buffer.from('\0\n\n')]);
      appliance.answer = () => ({
        status: 200,
        body,
        headers: { 'Content-Type': 'application/octet-stream' },
      });
      expect(await run(['GET', '/logs', '-o', 'logs.tar.gz'])).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(readFileSync(join(directory, 'logs.tar.gz')).equals(body)).toBe(true);
      await runCommand(
        ['/bin/sh', '-c', `${[...shell, SCRIPT].join(' ')} GET /logs >redirected`],
        directory,
        { env: { ADMIND_URL: appliance.url, ADMIND_CACERT: 'ca.pem', ADMIND_TOKEN: TOKEN } },
      );
      expect(readFileSync(join(directory, 'redirected')).equals(body)).toBe(true);
    });

    it('no connection exits 3 with the message of curl', async () => {
      await appliance.close();
      const result = await run(['GET', '/version']);
      await appliance.open();
      expect(result).toMatchObject({
        status: 3,
        stdout: '',
        stderr: expect.stringMatching(/^curl: \(7\) .*\n$/),
      });
    });

    it('an unknown certificate exits 3 and names --cacert; --insecure accepts it', async () => {
      const unknown = { env: { ADMIND_CACERT: '' } };
      const result = await run(['GET', '/version'], unknown);
      expect(result).toMatchObject({ status: 3, stderr: expect.stringContaining('with --cacert FILE') });
      expect(await run(['GET', '/version', '-k'], unknown)).toMatchObject({ status: 0 });
      expect(await run(['--cacert', 'ca.pem', 'GET', '/version'], unknown)).toMatchObject({ status: 0 });
    });
  });

  describe('--wait', () => {
    const post = ['--wait', 'POST', '/update', '-F', 'update=x'];

    it('shows each new log line and each percentage once until success', async () => {
      appliance.answer = jobAnswers([
        { status: 'running', percentage: 10, log: 'one\n' },
        { status: 'running', percentage: 10, log: 'one\n' },
        { status: 'running', percentage: 70, log: 'one\ntwo\n\nth' },
        { status: 'running', percentage: 70, log: 'one\ntwo\n\nthree "a\\b" $x\n' },
        { status: 'success', percentage: 100, log: 'one\ntwo\n\nthree "a\\b" $x\nfour' },
      ]);
      expect(await run(post)).toEqual({
        status: 0,
        stdout: '{"Status":"202 Accepted"}\none\ntwo\n\nthree "a\\b" $x\nfour\n',
        stderr: 'admind: 10%\nadmind: 70%\nadmind: 100%\n',
      });
      expect(appliance.requests.every(({ signed }) => signed)).toBe(true);
    });

    it('exits 1 with code and message when the job failed', async () => {
      const log = 'x","error-message":"fake","error-code":"E1"}\n{"status":"success","percentage":1\n';
      appliance.answer = jobAnswers([
        { status: 'running', percentage: 30, log },
        {
          status: 'failed',
          percentage: 30,
          log,
          'error-message': 'Cannot use "a\\b"',
          'error-code': 'E1005',
        },
      ]);
      expect(await run(post)).toEqual({
        status: 1,
        stdout: `{"Status":"202 Accepted"}\n${log}`,
        stderr: 'admind: 30%\nadmind: E1005: Cannot use "a\\b"\n',
      });
    });

    it('exits 1 for a failed job without code and message', async () => {
      appliance.answer = jobAnswers([{ status: 'failed', log: 'bad\n' }]);
      expect(await run(post)).toMatchObject({ status: 1, stderr: 'admind: the job failed\n' });
    });

    it('begins again with a log that has become shorter', async () => {
      appliance.answer = jobAnswers([
        { status: 'running', percentage: 10, log: '1\n2\n3\n' },
        { status: 'success', percentage: 100, log: 'new\n' },
      ]);
      expect(await run(post)).toMatchObject({ stdout: '{"Status":"202 Accepted"}\n1\n2\n3\nnew\n' });
    });

    it('endures a restart of the daemon and 503', async () => {
      const answer = jobAnswers([
        { status: 'running', percentage: 70, log: 'one\n' },
        { status: 'running', percentage: 80, log: 'one\ntwo\n' },
        { status: 'success', percentage: 100, log: 'one\ntwo\nthree\n' },
      ]);
      let polls = 0;
      appliance.answer = (request) => {
        const isPoll = request.method === 'GET' && !request.path.endsWith('/log');
        if (isPoll && ++polls === 2) return { status: 503, body: '{"Status":"503 Service Unavailable"}' };
        if (isPoll && polls === 3) void appliance.close();
        return answer(request);
      };
      const result = await run(post, {
        onOutput: (text) => text.includes('no answer') && !appliance.isOpen() && void appliance.open(),
      });
      expect(result).toMatchObject({ status: 0, stdout: '{"Status":"202 Accepted"}\none\ntwo\nthree\n' });
      expect(result.stderr).toContain(
        `admin-curl: 503 from ${appliance.url}; trying again for 300 seconds\n`,
      );
      expect(result.stderr).toMatch(/admin-curl: no answer from \S+ \(curl status 7\); trying again/);
    });

    it('shows the end of the log even if it cannot be had at once', async () => {
      const answer = jobAnswers([{ status: 'success', percentage: 100, log: 'done\n' }]);
      let isFirst = true;
      appliance.answer = (request) => {
        const reply = answer(request);
        if (reply.body !== 'done\n' || !isFirst) return reply;
        isFirst = false;
        return { status: 503, body: '' };
      };
      expect(await run(post)).toMatchObject({ status: 0, stdout: '{"Status":"202 Accepted"}\ndone\n' });
    });

    it('gives up with 3 after --wait-timeout', async () => {
      const answer = jobAnswers([{ status: 'running', percentage: 70, log: '' }]);
      appliance.answer = (request) =>
        request.method === 'POST' ? answer(request) : { status: 503, body: '' };
      const result = await run([...post, '--wait-timeout', '0']);
      expect(result).toMatchObject({ status: 3, stderr: expect.stringContaining('gave up after 0 seconds') });
    });

    it.each([
      ['https://example.com/api/v1/admin/update', 'not waiting'],
      ['/elsewhere', 'not waiting'],
      ['/api/x?y"', 'not waiting'],
      ['', 'not waiting'],
    ])('does not follow the Location %j', async (location, message) => {
      const headers = location === '' ? {} : { Location: location };
      appliance.answer = () => ({ status: 202, body: '{}', headers });
      expect(await run(post)).toMatchObject({ status: 3, stderr: expect.stringContaining(message) });
      expect(appliance.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
    });

    it('ends when the Location has no status', async () => {
      const headers = { Location: '/api/v1/admin/settings' };
      appliance.answer = ({ method }) =>
        method === 'POST' ? { status: 202, body: '{}', headers } : { status: 200, body: '{"network":{}}' };
      const result = await run(['--wait', 'POST', '/settings']);
      expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining('no status to wait for') });
    });

    it('ends with a refusal, and with a reply that starts no job', async () => {
      expect(await run(post, { env: { ADMIND_TOKEN: 'wrong' } })).toMatchObject({ status: 1 });
      appliance.answer = () => ({ status: 200, body: '{"Status":"200 OK"}' });
      expect(await run(post)).toMatchObject({ status: 0, stderr: '' });
    });

    it('polls with the arguments for the connection', async () => {
      appliance.answer = jobAnswers([{ status: 'success', percentage: 100, log: 'done\n' }]);
      const { port } = new URL(appliance.url);
      const args = ['--resolve', `localhost:${port}:127.0.0.1`, '-F', 'a=b', '-o', 'reply'];
      const result = await run(['POST', '/update', '--url', `https://localhost:${port}`, ...args, '--wait']);
      expect(result).toMatchObject({ status: 0, stdout: 'done\n' });
    });
  });

  describe('usage', () => {
    it('--help names every option, variable and exit status, --version the version', async () => {
      const { stdout, status } = await run(['--help']);
      expect(status).toBe(0);
      for (const word of [
        '--wait-timeout',
        '--token-file',
        '--no-token',
        'ADMIN_CURL_POLL_SECONDS',
        'ADMIND_URL',
      ])
        expect(stdout).toContain(word);
      expect(await run(['--version'])).toEqual({ status: 0, stdout: 'admin-curl 1.0.0\n', stderr: '' });
    });

    it.each([
      [[], 'METHOD and PATH are missing'],
      [['GET'], 'METHOD and PATH are missing'],
      [['get', '/version'], 'METHOD is in capitals'],
      [['GET', 'version'], 'PATH starts with /'],
      [['GET', '/a b'], 'percent-encode'],
      [['GET', '/a\nheader = "X: y"'], 'percent-encode'],
      [['GET', '/ä'], 'percent-encode'],
      [['GET', '/a#b'], 'percent-encode'],
      [['GET', '/version?token=x'], 'every user of this machine'],
      [['GET', '/version?a=b&hash=x'], 'every user of this machine'],
      [['POST', '/setup?newtoken=x'], 'every user of this machine'],
      [['--frobnicate', 'GET', '/version'], 'unknown option --frobnicate'],
      [['GET', '/version', '--url'], '--url needs a value'],
      [['GET', '/version', '-F'], '-F needs a value'],
      [['GET', '/version', '--url', 'http://example.com'], 'https://'],
      [['GET', '/version', '--url', 'http://127.0.0.1.example.com'], 'https://'],
      [['GET', '/version', '--url', 'https://user@example.com'], 'https://'],
      [['GET', '/version', '--url', 'https://example.com/path'], 'https://'],
      [['GET', '/version', '--wait-timeout', '1m'], 'seconds'],
      [['GET', '/reboot', '--wait'], '--wait goes with POST'],
    ])('%j exits 2 with one line', async (args, message) => {
      const result = await run(args);
      expect(result).toMatchObject({ status: 2, stdout: '' });
      expect(result.stderr).toMatch(/^admin-curl: [^\n]*\n$/);
      expect(result.stderr).toContain(message);
      expect(appliance.requests).toEqual([]);
    });

    it.each([[['--frobnicate']], [['-F', 'update=@nowhere']]])('curl refusing %j exits 2', async (args) => {
      const result = await run(['POST', '/update', ...args]);
      expect(result).toMatchObject({ status: 2, stderr: expect.stringContaining('curl: ') });
    });
  });
});

interface Request {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly signed: boolean;
  readonly contentType: string;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

type Appliance = Awaited<ReturnType<typeof startAppliance>>;

/** An HTTPS server that checks the hash of each request as the daemon does, and keeps the requests. */
async function startAppliance() {
  const { key, certificate } = createCertificate();
  let server: Server | undefined;
  let port = 0;

  const appliance = {
    certificate,
    url: '',
    requests: [] as Request[],
    token: TOKEN,
    refuseUploads: false,
    answer: answerVersion as (request: Request) => Answer,
    reset() {
      Object.assign(appliance, { requests: [], token: TOKEN, refuseUploads: false, answer: answerVersion });
    },
    isOpen: () => server !== undefined,
    async open() {
      const opened = createServer(
        { key, cert: certificate },
        (request, response) => void serve(request, response),
      );
      server = opened;
      await new Promise<void>((resolve) => opened.listen(port, '127.0.0.1', resolve));
      port = (opened.address() as AddressInfo).port;
      appliance.url = `https://127.0.0.1:${port}`;
    },
    /** Refuses new connections and ends the others when they have been answered. */
    async close() {
      const closed = server;
      server = undefined;
      await new Promise((resolve) => closed?.close(resolve) ?? resolve(undefined));
    },
    async stop() {
      server?.closeAllConnections();
      await appliance.close();
    },
  };

  async function serve(incoming: IncomingMessage, response: ServerResponse) {
    response.setHeader('Connection', 'close');
    if (appliance.refuseUploads) {
      refuseBeforeTheEnd(incoming, response, '{"Status":"413 Content Too Large"}');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url = '' } = incoming;
    const path = url.split('?')[0]!;
    const signed =
      new URLSearchParams(url.slice(path.length)).get('hash') === sign(appliance.token, method, path);
    const contentType = incoming.headers['content-type'] ?? '';
    const request = { method, url, path, signed, contentType, body: Buffer.concat(chunks) };
    appliance.requests.push(request);
    const mayPass = signed || (path === '/api/v1/admin/setup' && !url.includes('hash='));
    send(response, mayPass ? appliance.answer(request) : FORBIDDEN);
  }

  await appliance.open();
  return appliance;
}

const FORBIDDEN: Answer = {
  status: 403,
  body: '{"Status":"403 Forbidden","Error-Message":"Authentication error"}',
  headers: { 'Error-Message': 'Authentication error' },
};

function answerVersion(): Answer {
  return { status: 200, body: '{"version":"1.0.0"}' };
}

function send(response: ServerResponse, { status, body, headers }: Answer) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
}

/** As the daemon does: the answer at once, the connection open until the client has stopped sending. */
function refuseBeforeTheEnd(incoming: IncomingMessage, response: ServerResponse, body: string) {
  response.writeHead(413, 'Content Too Large', {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
  });
  response.write(body);
  const end = () => response.end();
  incoming.once('end', end).once('close', end).resume();
}

interface JobStep {
  readonly status: string;
  readonly percentage?: number;
  /** The whole log at this step. */
  readonly log: string;
  readonly 'error-message'?: string;
  readonly 'error-code'?: string;
}

/** Answers a `POST` with 202; each look at its status is one step further. The log was empty before. */
function jobAnswers(steps: readonly JobStep[]): (request: Request) => Answer {
  let looks = 0;
  let job = '';
  return ({ method, path }) => {
    const step = steps[Math.min(looks, steps.length) - 1];
    if (method === 'POST') {
      job = path;
      return { status: 202, body: '{"Status":"202 Accepted"}', headers: { Location: path } };
    }
    if (path === `${job}/log` && step)
      return { status: 200, body: step.log, headers: { 'Content-Type': 'text/plain' } };
    if (path !== job) return { status: 404, body: '{"Status":"404 Not Found"}' };
    looks += 1;
    const { log, ...fields } = steps[Math.min(looks, steps.length) - 1]!;
    const { status, percentage, ...errors } = fields;
    const reply = { status, ...(percentage === undefined ? {} : { percentage }), log, ...errors };
    return { status: 200, body: JSON.stringify(reply) };
  };
}

function sign(token: string, method: string, path: string): string {
  const key = createHash('sha256').update(token).digest('hex');
  return createHmac('sha256', key)
    .update(method + path)
    .digest('hex');
}

function formField({ contentType, body }: Request, name: string): Buffer {
  const boundary = /boundary=(.*)$/.exec(contentType)![1]!;
  const start = body.indexOf('\r\n\r\n', body.indexOf(`form-data; name="${name}"`)) + 4;
  return body.subarray(start, body.indexOf(`\r\n--${boundary}`, start));
}

function createCertificate() {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  const name = [{ name: 'commonName', value: 'appliance' }];
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 7, ip: '127.0.0.1' },
        { type: 2, value: 'localhost' },
      ],
    },
  ]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return {
    key: forge.pki.privateKeyToPem(keys.privateKey),
    certificate: forge.pki.certificateToPem(certificate),
  };
}

/** Puts a program before each that the script uses; it records its arguments, environment and parent's arguments. */
function wrapPrograms(directory: string, record: string): string {
  const programs = ['curl', 'openssl', 'tr', 'sed', 'cat', 'wc', 'sleep', 'date', 'stty'];
  const bin = mkdtempSync(join(directory, 'bin-'));
  for (const program of programs) {
    const real = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
    const lines = [
      '#!/bin/sh',
      `PATH=${process.env.PATH}`,
      `{ echo "${program} $*"; tr '\\0' '\\n' </proc/$$/environ; tr '\\0' ' ' </proc/$PPID/cmdline; } >>'${record}'`,
      `exec ${real} "$@"`,
    ];
    writeFileSync(join(bin, program), `${lines.join('\n')}\n`, { mode: 0o755 });
  }
  return bin;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Runs in a terminal of its own; its output is all in `stdout`, with CRLF. */
  readonly terminal?: boolean;
  /** Called with the output so far each time some arrives. */
  readonly onOutput?: (text: string, stdin: NodeJS.WritableStream) => unknown;
}

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();

function runCommand(command: readonly string[], cwd: string, options: RunOptions): Promise<Result> {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const [program, ...args] = options.terminal ? ['script', '-qec', quoted, '/dev/null'] : command;
  return new Promise((resolve, reject) => {
    // `detached`: a session of its own, which has no terminal.
    const child = spawn(program!, args, {
      cwd,
      detached: true,
      env: { PATH: process.env.PATH, HOME: cwd, ...options.env },
    });
    running.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(stdout, child.stdin);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      options.onOutput?.(stderr, child.stdin);
    });
    child.stdin.on('error', () => undefined); // the script may end without reading
    if (options.terminal !== true) child.stdin.end(options.stdin ?? '');
    child.on('error', reject);
    child.on('close', (status) => {
      running.delete(child);
      resolve({ status, stdout, stderr });
    });
  });
}
