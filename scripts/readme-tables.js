// Writes the tables of settings and endpoints into the README; their sources are the settings' schema and the endpoint table.
import { readFileSync, writeFileSync } from 'node:fs';
import { endpoints } from '../src/api/v1/index.ts';
import { renderSettingsTable } from '../src/config/settings-table.ts';
import { renderEndpointTable } from '../src/http/endpoint-table.ts';

const readme = new URL('../README.md', import.meta.url);
const tables = { settings: renderSettingsTable(), endpoints: renderEndpointTable(endpoints) };
let text = readFileSync(readme, 'utf8');
for (const [name, table] of Object.entries(tables)) {
  const part = new RegExp(`(<!-- ${name}: npm run readme -->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
  text = text.replace(part, (_all, begin, end) => `${begin}\n${table}\n\n${end}`);
}
writeFileSync(readme, text);
