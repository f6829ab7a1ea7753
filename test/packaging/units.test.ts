import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const services = readdirSync('systemd').filter((name) => name.endsWith('.service'));

test.each(services)('%s dumps no core, which would hold secrets', (name) => {
  const lines = readFileSync(join('systemd', name), 'utf8').split('\n');
  expect(lines).toContain('LimitCORE=0');
});
