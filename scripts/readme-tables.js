// Writes the settings table, whose source is config/admind.schema.json, into the README.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderSettingsTable } from '../dist/config/settings-table.js';

const readme = new URL('../README.md', import.meta.url);
const text = readFileSync(readme, 'utf8');
const table = /(<!-- settings: npm run readme -->\n)[\s\S]*?(<!-- \/settings -->)/;
writeFileSync(
  readme,
  text.replace(table, (_all, begin, end) => `${begin}\n${renderSettingsTable()}\n\n${end}`),
);
