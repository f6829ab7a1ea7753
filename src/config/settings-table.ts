import { readSchema } from './schema-file.js';

interface SettingSchema {
  readonly type: string;
  readonly default: unknown;
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly 'x-unit'?: string;
}

/** Every setting of `admind.json` as a Markdown table, for the README: the JSON Schema is its one source. */
export function renderSettingsTable(): string {
  const { properties } = readSchema('admind') as { properties: Record<string, SettingSchema> };
  const rows = Object.entries(properties).map(([name, schema]) => [
    `\`${name}\``,
    `\`${JSON.stringify(schema.default)}\``,
    schema['x-unit'] ?? '',
    allowed(schema),
    schema.description,
  ]);
  return [['Setting', 'Default', 'Unit', 'Allowed', 'Meaning'], ['---', '---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function allowed({ type, minimum, maximum, enum: values }: SettingSchema): string {
  if (values) return values.join(', ');
  if (minimum === undefined || maximum === undefined) return type;
  return `${minimum} to ${maximum}`;
}
