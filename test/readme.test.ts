import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { renderSettingsTable } from '../src/config/settings-table.js';
import { poll } from './support/poll.js';
import { describeWith } from './support/tools.js';

const readme = await readFile('README.md', 'utf8');

const squeeze = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

test('the settings table is the one made from the schema', () => {
  expect(squeeze(readme)).toContain(squeeze(renderSettingsTable()));
});

describeWith('curl')('the quick start', () => {
  test('works as it is written, apart from the port and the way to call admind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'admind-quick-start-'));
    const cli = resolve('dist/cli.js');
    const daemon = spawn(process.execPath, [cli, 'serve', '--sandbox', '--port', '0'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const port = await listeningPort(daemon.stdout);
      const [, part = ''] = /<!-- quick start -->([\s\S]*)<!-- \/quick start -->/.exec(readme) ?? [];
      const blocks = [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = '']) => code);
      expect(blocks).toHaveLength(4);
      const shell = (...code: string[]) =>
        run(
          code
            .join('\necho; echo ---\n')
            .replaceAll('npx admind', `"${process.execPath}" "${cli}"`)
            .replaceAll('8443', String(port)),
          directory,
        );
      const { status, output } = await shell(...blocks.slice(0, 3));
      expect([status, ...output.split('---').map((text) => text.trim())]).toEqual([
        0,
        '{"Status":"200 OK"}',
        '{"version":"1.0.0"}',
        expect.stringMatching(
          /^.*1\.1\.0.*\n\{"Status":"202 Accepted","Location":"\/api\/v1\/admin\/update"\}$/,
        ),
      ]);
      const exports = blocks[0]?.match(/^export .*$/gm)?.join('\n') ?? '';
      const follow = `${exports}\n${blocks[3] ?? ''}`;
      const last = await poll('the update ends', async () => {
        const answer = (await shell(follow)).output;
        return !answer.includes('"running"') && answer;
      });
      expect(last).toMatch(/^\{"status":"success","percentage":100,"log":".*Installing version 1\.1\.0/);
      expect(await readFile(join(directory, 'sandbox/opt/jidoteki/tinyadmin/etc/version.txt'), 'utf8')).toBe(
        '1.1.0\n',
      );
    } finally {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
      await rm(directory, { recursive: true, force: true });
    }
  });
});

async function listeningPort(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: output })) {
    if (line.includes('"msg":"listening"')) {
      output.resume();
      return (JSON.parse(line) as { port: number }).port;
    }
  }
  throw new Error('the daemon did not start');
}

async function run(script: string, cwd: string): Promise<{ status: number | null; output: string }> {
  const shell = spawn('/bin/sh', ['-euc', script], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  shell.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const [status] = (await once(shell, 'close')) as [number | null];
  return { status, output };
}
