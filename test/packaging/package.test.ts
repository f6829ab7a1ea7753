import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hasTool } from '../support/tools.js';
import { describeTree } from '../support/tree.js';
import { inRoot, makeBusyboxRoot, whyNoBusyboxRoot } from './busybox-root.js';

const BUILD_TIMEOUT_MS = 400_000;
const EPOCH = '1700000000';
/** Where its archive is unpacked, in the root that is made of busybox. */
const INSTALLER = '/tmp/admind/install.sh';
const SOURCES = [
  ...['config', 'scripts', 'src', 'systemd', 'LICENSE', 'NOTICE', 'CHANGELOG.md', '.npmrc'],
  ...['package.json', 'package-lock.json', 'tsconfig.json'],
];

const missing = ['dpkg-deb', 'tar', 'gzip', 'npm'].filter((tool) => !hasTool(tool));
skipLoudly(
  missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined,
  'what npm run package makes',
  () => {
    let work: string;
    beforeAll(() => {
      work = mkdtempSync(join(tmpdir(), 'admind-packaging-'));
      build(resolve('.'), join(work, 'first'), { umask: '022', TZ: 'UTC' });
    }, BUILD_TIMEOUT_MS);
    afterAll(() => rmSync(work, { recursive: true, force: true }));

    const made = (suffix: string) => {
      const name = readdirSync(join(work, 'first')).find((entry) => entry.endsWith(suffix));
      return join(work, 'first', name!);
    };

    test(
      'is the same from another directory, with another umask and time zone',
      () => {
        const copy = join(work, 'another directory');
        mkdirSync(copy);
        for (const name of SOURCES) cpSync(name, join(copy, name), { recursive: true });
        symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
        build(copy, join(work, 'second'), { umask: '077', TZ: 'Pacific/Auckland' });
        expect(hashes(join(work, 'second'))).toEqual(hashes(join(work, 'first')));
        expect(readdirSync(join(work, 'first'))).toHaveLength(2);
      },
      BUILD_TIMEOUT_MS,
    );

    skipLoudly(hasTool('lintian') ? undefined : 'not installed: lintian', 'lintian', () => {
      test(
        'has nothing to say',
        () => {
          const args = ['--allow-root', '--fail-on', 'error,warning', made('.deb')];
          expect(
            execFileSync('lintian', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
          ).toBe('');
        },
        BUILD_TIMEOUT_MS,
      );
    });

    skipLoudly(whyNoBusyboxRoot(), 'install.sh, where there is nothing but busybox', () => {
      let root: string;
      let before: string[];
      const names = () => describeTree(root).map((line) => line.split(' ')[0]!);
      const leftovers = () => outsideTmp().filter((name) => /\.(part|dpkg-new|admind)(\/|$)/.test(name));
      const outsideTmp = () => names().filter((name) => !/^(tmp|proc)\//.test(name));
      const took = (line: string) => {
        const start = performance.now();
        inRoot(root, `${line} >/dev/null`);
        return performance.now() - start;
      };
      /** Kills a script, with all that it has started, after a time. @returns whether it was still at work */
      const cut = (ms: number, line: string) => {
        const kill = `setsid sh ${line} >/tmp/log 2>&1 & p=$!; usleep ${Math.round(ms)}000; kill -9 -$p`;
        return !/is (installed|removed)/.test(inRoot(root, `(${kill}) 2>/dev/null; cat /tmp/log`));
      };
      beforeAll(() => {
        root = join(work, 'root');
        mkdirSync(join(work, 'unpacked'));
        execFileSync('tar', ['-xzf', made('.tar.gz'), '-C', join(work, 'unpacked')]);
        const [top] = readdirSync(join(work, 'unpacked'));
        const tree = join(work, 'unpacked', top!);
        makeBusyboxRoot(root, [join(tree, 'usr/lib/admind/bin/node')]);
        cpSync(tree, join(root, 'tmp/admind'), { recursive: true, verbatimSymlinks: true });
        before = outsideTmp();
      }, BUILD_TIMEOUT_MS);

      test('says what is wrong and what is allowed, and changes nothing', () => {
        const install = `sh ${INSTALLER}`;
        const told = (line: string) => inRoot(root, `(${line}) 2>&1 || echo exit $?`);
        expect(told(`${install} --prefix 'a b'`)).toMatch(/--prefix a b: letters.*allowed\n.*\nexit 2\n$/);
        expect(told(`${install} --prefix /opt/../etc`)).toMatch(/a plain path is allowed.*\n.*\nexit 2\n$/);
        expect(told(`${install} --prefix here`)).toMatch(/must be an absolute directory.*\n.*\nexit 2\n$/);
        expect(told(`${install} --purge`)).toContain('--purge goes with --uninstall');
        expect(told(`${install} --instal`)).toContain('unknown argument --instal');
        expect(told(`${install} --uninstall`)).toContain(
          'no admind that install.sh has installed is in /usr\n',
        );
        expect(told(`mv /bin/awk /bin/cmp /tmp; ${install}; mv /tmp/awk /tmp/cmp /bin`)).toContain(
          'not installed: awk cmp',
        );
        const small = 'mkdir -p /usr/lib && mount -t tmpfs -o size=20m tmpfs /usr/lib';
        expect(
          told(`${small}; ${install}; ls /usr/lib/admind-versions; umount /usr/lib; rmdir /usr/lib`),
        ).toMatch(/admind-versions has \d+ KiB free, and \d+ KiB are needed\n$/);
        expect(outsideTmp()).toEqual(before);
      });

      test('below another prefix, into a mounted image: programs name their own places, and nothing stays', () => {
        const install = `DESTDIR=/tmp/image sh ${INSTALLER}`;
        inRoot(root, 'mkdir -p /tmp/image/etc/sudoers.d && cp /etc/passwd /etc/group /tmp/image/etc/');
        inRoot(root, 'find /tmp/image | sort >/tmp/image-before');
        inRoot(root, `${install} --prefix /opt/admind >/dev/null`);
        const place = '/opt/admind/lib/admind/bin/admind-privileged';
        expect(inRoot(root, 'cat /tmp/image/etc/sudoers.d/admind')).toContain(`NOPASSWD: ${place} ""`);
        expect(
          inRoot(root, `chroot /tmp/image ${place} 2>&1 || :; grep ^admind: /tmp/image/etc/passwd`),
        ).toMatch(/admind:x:/);
        expect(
          inRoot(
            root,
            'cd /tmp/image/opt/admind/lib/admind/ && grep -rl /usr/lib/admind bin/admind* dist || :',
          ),
        ).toBe('');
        inRoot(root, `${install} --prefix /opt/admind --uninstall`);
        expect(inRoot(root, 'find /tmp/image | sort | diff /tmp/image-before - || :; rm -r /tmp/image')).toBe(
          '',
        );
      });

      test('cut off in the first installation or in a removal, the next run ends it', () => {
        const times = {
          install: took(`sh ${INSTALLER}`),
          uninstall: took(`sh ${INSTALLER} --uninstall`),
        };
        const cuts = { install: 0, uninstall: 0 };
        for (const share of [0.2, 0.5, 0.8]) {
          if (cut(share * times.install, INSTALLER)) cuts.install += 1;
          inRoot(root, `sh ${INSTALLER} >/dev/null`);
          expect(inRoot(root, 'admind --version')).toMatch(/^admind \d/);
          if (cut(share * times.uninstall, `${INSTALLER} --uninstall`)) cuts.uninstall += 1;
          inRoot(root, `sh ${INSTALLER} --uninstall >/dev/null 2>&1 || :`);
          expect(outsideTmp().filter((name) => /^(usr|etc\/sudo)/.test(name))).toEqual(
            before.filter((name) => /^(usr|etc\/sudo)/.test(name)),
          );
        }
        // Else this has shown nothing.
        expect([cuts.install > 0, cuts.uninstall > 0]).toEqual([true, true]);
        expect(leftovers()).toEqual([]);
      });

      test('installs what runs, the accounts and the rules for sudo', () => {
        expect(inRoot(root, `sh ${INSTALLER} >/dev/null; admind --version`)).toMatch(/^admind \d/);
        expect(inRoot(root, 'id -un admind; id -Gn admind; grep ^old: /etc/passwd')).toBe(
          'admind\nadmind admin\nold:x:996:996::/:/bin/false\n',
        );
        expect(inRoot(root, 'stat -c %a /etc/sudoers.d/admind /etc/shadow')).toBe('440\n640\n');
      });

      test('the daemon serves as its own user, and goes on through an upgrade that keeps what was edited', () => {
        const lines = [
          'admind prepare >/dev/null',
          // None of these may reach a process that root starts.
          'export NODE_OPTIONS=--require=/tmp/absent NODE_V8_COVERAGE=/tmp/coverage SSLKEYLOGFILE=/tmp/keys LANG=C',
          'start-stop-daemon -S -b -m -p /tmp/pid -c admind -x /usr/bin/admind -- serve',
          'admind wait-ready --timeout 40 >/dev/null',
          'echo \\# mine >>/etc/admind/admind.env',
          `sh ${INSTALLER} >/dev/null`,
          `sh ${INSTALLER} >/dev/null`,
          'admind wait-ready --timeout 10 >/dev/null && tail -n 1 /etc/admind/admind.env',
          "tr '\\0' '\\n' </proc/$(cat /tmp/pid)/environ | sed 's/=.*//' | grep -vE '^(PATH|HOME|USER|LOGNAME|LANG)$'; ls /tmp/coverage /tmp/keys 2>/dev/null || :",
          // What the daemon that still runs is made of stays.
          'readlink /proc/$(cat /tmp/pid)/exe',
        ];
        expect(inRoot(root, lines.join(' && '))).toMatch(
          /^# mine\n\/usr\/lib\/admind-versions\/[\d.]+-1\/bin\/node\n$/,
        );
      });

      test('whenever it is killed, a whole version is there, and the next run cleans up', () => {
        const whole = took(`sh ${INSTALLER}`);
        let cuts = 0;
        for (const share of [0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1]) {
          if (cut(share * whole, INSTALLER)) cuts += 1;
          expect(inRoot(root, 'admind --version')).toMatch(/^admind \d/);
        }
        // Else this has shown nothing.
        expect(cuts).toBeGreaterThan(2);
        inRoot(root, `sh ${INSTALLER} >/dev/null`);
        expect(leftovers()).toEqual([]);
      });

      test('is removed again: the appliance keeps its own, an edited file stays until the purge', () => {
        const kept = outsideTmp().filter((name) => /^(opt|usr\/local)\//.test(name));
        const uninstall = '/usr/lib/admind/scripts/install.sh --uninstall';
        expect(inRoot(root, `sh ${uninstall} 2>&1`)).toContain(
          '/etc/admind/admind.env was changed here and stays',
        );
        const health = 'opt/jidoteki/tinyadmin/etc/health.json';
        expect(outsideTmp()).toEqual(expect.arrayContaining(kept.filter((name) => name !== health)));
        inRoot(root, `sh ${INSTALLER} >/dev/null && sh ${uninstall} --purge`);
        const ours = outsideTmp().filter((name) => !before.includes(name));
        // `var` and `run` are what admind needs and this system lacked.
        expect(ours.filter((name) => !/^(opt|usr\/local|var|run)(\/|$)/.test(name))).toEqual([]);
        expect(ours.filter((name) => /admind|locks|journals|incoming/.test(name))).toEqual([]);
      });
    });
  },
);

/** `describe`, or `describe.skip` after saying why. */
function skipLoudly(reason: string | undefined, title: string, body: () => void): void {
  if (reason === undefined) {
    describe(title, body);
    return;
  }
  process.stderr.write(`\n*** SKIPPED, nothing of this was tested: ${title}: ${reason} ***\n`);
  describe.skip(title, body);
}

function build(directory: string, out: string, { umask, TZ }: { umask: string; TZ: string }): void {
  const line = `umask ${umask} && exec node scripts/package/build.js --out "$0"`;
  const env = { ...process.env, TZ, SOURCE_DATE_EPOCH: EPOCH };
  execFileSync('sh', ['-c', line, out], { cwd: directory, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

function hashes(directory: string): string[] {
  return readdirSync(directory).map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex')}`,
  );
}
