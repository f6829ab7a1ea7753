import { join } from 'node:path';
import { testWith } from '../support/tools.js';
import { ANSIBLE, createControlNode, type ControlNode } from './playbook.js';

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
