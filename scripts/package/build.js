// Builds the Debian package, and an archive for systems without dpkg:
// `npm run package -- [--out DIR] [--version VERSION] [--arch amd64|arm64]`. The same tree gives the same bytes, wherever and
// with whatever umask it is built.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildProduct } from '../bundle.js';
import { writeArchive } from './archive.js';
import { fetchNodeRuntime } from './node-runtime.js';
import { compressDocuments, listConfigurationFiles, normalize, sizeInKiB } from './tree.js';

const source = resolve(import.meta.dirname, '../..');
const packaging = join(source, 'scripts/package');
const product = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(source, 'build') },
    version: { type: 'string', default: product.version },
    arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
  },
});
const { out, version, arch } = values;
const epoch = process.env.SOURCE_DATE_EPOCH ?? lastCommitEpoch();

process.umask(0o022);
const tree = mkdtempSync(join(tmpdir(), 'admind-package-'));
try {
  const library = join(tree, 'usr/lib/admind');
  await installProduct(library);
  fetchNodeRuntime(arch, join(library, 'bin'));
  installSystemFiles();
  writeChangelog(join(tree, 'usr/share/doc/admind/changelog'));
  compressDocuments(join(tree, 'usr/share'));
  describe();
  normalize(tree, Number(epoch));
  mkdirSync(out, { recursive: true });
  const file = join(out, `admind_${version}_${arch}.deb`);
  run('dpkg-deb', '-Zxz', '-z1', '--threads-max=1', '--root-owner-group', '--build', tree, file);
  const name = `admind-${version}-${arch}`;
  const archive = join(out, `${name}.tar.gz`);
  writeArchive(tree, { name, file: archive, epoch });
  process.stdout.write(`${file}\n${archive}\n`);
} finally {
  rmSync(tree, { recursive: true, force: true });
}

/** Programs with the packages that they need built in, configuration schemas, system scripts. */
async function installProduct(library) {
  mkdirSync(library, { recursive: true });
  await buildProduct(join(library, 'dist'));
  for (const name of ['config', 'LICENSE', 'NOTICE', 'CHANGELOG.md']) {
    cpSync(join(source, name), join(library, name), { recursive: true });
  }
  writeFileSync(join(library, 'package.json'), `${JSON.stringify(describeProduct(), null, 2)}\n`);
  for (const name of readLines(join(packaging, 'scripts.txt'))) {
    cpSync(join(source, 'scripts', name), join(library, 'scripts', name));
  }
  cpSync(join(packaging, 'bin/admind-privileged'), join(library, 'bin/admind-privileged'));
}

/** What is run needs no more of it. */
function describeProduct() {
  const { name, description, license, type } = product;
  return { name, version, description, license, private: true, type };
}

function installSystemFiles() {
  for (const [from, to] of [
    ['scripts/package/bin/admind', 'usr/bin/admind'],
    ['scripts/admin-curl', 'usr/bin/admin-curl'],
    ['scripts/package/man/admind.8', 'usr/share/man/man8/admind.8'],
    ['scripts/package/man/admin-curl.1', 'usr/share/man/man1/admin-curl.1'],
    ['scripts/package/completion/admind', 'usr/share/bash-completion/completions/admind'],
    ['scripts/package/completion/admin-curl', 'usr/share/bash-completion/completions/admin-curl'],
    ['scripts/package/debian/copyright', 'usr/share/doc/admind/copyright'],
    ['scripts/package/debian/lintian-overrides', 'usr/share/lintian/overrides/admind'],
    ['systemd/admind.env', 'etc/admind/admind.env'],
    ['systemd/admind.logrotate', 'etc/logrotate.d/admind'],
    ['systemd/admind.sudoers', 'etc/sudoers.d/admind'],
    ['systemd/admind.sysusers', 'usr/lib/sysusers.d/admind.conf'],
    ['systemd/admind.tmpfiles', 'usr/lib/tmpfiles.d/admind.conf'],
  ]) {
    cpSync(join(source, from), join(tree, to));
  }
  for (const name of readLines(join(packaging, 'units.txt'))) {
    cpSync(join(source, 'systemd', name), join(tree, 'lib/systemd/system', name));
  }
}

/** What changed is told by the product's own; this one is for Debian's tools. */
function writeChangelog(file) {
  const [, maintainer] = /^Maintainer: (.*)$/m.exec(readFileSync(join(packaging, 'debian/control'), 'utf8'));
  const date = new Date(Number(epoch) * 1000).toUTCString().replace('GMT', '+0000');
  const text = '* See /usr/lib/admind/CHANGELOG.md';
  writeFileSync(
    file,
    `admind (${version}) unstable; urgency=medium\n\n  ${text}\n\n -- ${maintainer}  ${date}\n`,
  );
}

function describe() {
  const control = join(tree, 'DEBIAN');
  mkdirSync(control);
  for (const name of ['postinst', 'prerm', 'postrm']) {
    cpSync(join(packaging, 'debian', name), join(control, name));
  }
  writeFileSync(join(control, 'conffiles'), listConfigurationFiles(tree));
  const fields = readFileSync(join(packaging, 'debian/control'), 'utf8')
    .replace('@VERSION@', version)
    .replace('@ARCH@', arch)
    .replace('@SIZE@', String(sizeInKiB(tree)));
  writeFileSync(join(control, 'control'), fields);
}

function lastCommitEpoch() {
  return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: source, encoding: 'utf8' }).trim();
}

function readLines(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

function run(program, ...args) {
  execFileSync(program, args, {
    cwd: source,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: epoch, TZ: 'UTC' },
  });
}
