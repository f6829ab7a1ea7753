import { hasTool } from '../../support/tools.js';
import { baseRoot } from './base-root.js';
import { createControlGroup } from './control-group.js';
import { attempt } from './command.js';

const TOOLS = [
  'debootstrap',
  'systemd-nspawn',
  'nsenter',
  'ip',
  'mount',
  'apt-get',
  'dpkg-deb',
  'curl',
  'openssl',
];

/** `describe`, or where no machine can be booted `describe.skip`, after saying why. */
export const describeMachine = await describeWhere(whyNotBootable);

/** The same for tests that need other things, too. @param whyNot why they cannot run here; undefined when they can */
export async function describeWhere(whyNot: () => Promise<string | undefined>) {
  const reason = await whyNot();
  if (reason === undefined) return describe;
  process.stderr.write(`\n*** SKIPPED, nothing of this was tested: ${reason} ***\n`);
  return describe.skip;
}

async function whyNotBootable(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root can boot a machine';
  const missing = TOOLS.filter((tool) => !hasTool(tool));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  try {
    return await whyNotStarted();
  } catch (error) {
    return `no machine can be made: ${String(error).slice(0, 1000)}`;
  }
}

/** Tries it with a program in place of a system. */
async function whyNotStarted(): Promise<string | undefined> {
  const root = await baseRoot();
  const group = await createControlGroup(`admind-trial-${process.pid}`);
  try {
    const trial = ['--quiet', '--register=no', '--keep-unit', '--pipe', '--private-network', '--read-only'];
    const program = group.enter('systemd-nspawn', ...trial, `--directory=${root}`, '/bin/true');
    const { code, stderr } = await attempt('/bin/sh', program);
    return code === 0 ? undefined : `systemd-nspawn cannot start here: ${stderr.trim()}`;
  } finally {
    await group.remove();
  }
}
