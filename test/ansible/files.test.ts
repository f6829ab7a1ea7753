import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { testWith } from '../support/tools.js';
import { ANSIBLE, createControlNode, type ControlNode } from './playbook.js';

const CLOUD_INIT = resolve('scripts/cloud-init/user-data.yml');

let control: ControlNode;
beforeAll(async () => {
  control = await createControlNode();
});
afterAll(() => control.remove());

testWith('ansible-playbook')('the playbooks and the example inventory are valid', async () => {
  const playbooks = ['setup.yml', 'update.yml'].map((name) => join(ANSIBLE, name));
  const inventory = join(ANSIBLE, 'inventory.example.yml');
  const { status, output } = await control.run('ansible-playbook', [
    '--syntax-check',
    '-i',
    inventory,
    ...playbooks,
  ]);
  expect([status, output]).toEqual([0, expect.not.stringContaining('WARNING')]);
});

testWith('yamllint')('yamllint has nothing to say', async () => {
  const configuration = join(ANSIBLE, '.yamllint');
  const { status, output } = await control.run('yamllint', ['--strict', '-c', configuration, ANSIBLE]);
  expect([status, output]).toEqual([0, '']);
});

testWith('cloud-init')('the example for cloud-init is valid', async () => {
  const { status, output } = await control.run('cloud-init', ['schema', '--config-file', CLOUD_INIT]);
  expect([status, output]).toEqual([0, expect.stringContaining('Valid')]);
});

test('what the example for cloud-init writes is for root alone', async () => {
  const text = await readFile(CLOUD_INIT, 'utf8');
  expect(text.match(/permissions: '0600'/g)).toHaveLength(text.match(/- path: /g)!.length);
});
