import { AdminError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import type { FormField } from './endpoint.js';

export const TEXT_LIMIT_BYTES = 4096;

export type FormRules = Readonly<Record<string, FormField>>;

/** Refuses fields that a form must not have, as soon as their names are read. */
export interface FormGuard {
  text(name: string): void;
  file(name: string, filename: string | undefined): void;
}

/** The fields that the configuration lets in. */
export function enabledFields(rules: FormRules, isParameterEnabled: (name: string) => boolean): FormRules {
  return Object.fromEntries(
    Object.entries(rules).filter(([name, field]) => field.isParameter !== true || isParameterEnabled(name)),
  );
}

/** Both methods throw an `AdminError` that names the field and what is allowed. */
export function createFormGuard(rules: FormRules): FormGuard {
  const seen = new Set<string>();
  const expect = (name: string, kind: FormField['kind']) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule)
      throw new AdminError('badRequest', `Unknown field: ${printable(name, 64)}. Allowed: ${names(rules)}`);
    if (rule.kind !== kind)
      throw new AdminError(
        'badRequest',
        `Invalid field: ${name}. Expected ${described(rule.kind)}, got ${described(kind)}`,
      );
    if (seen.has(name))
      throw new AdminError('badRequest', `Invalid field: ${name}. It was sent more than once`);
    seen.add(name);
  };
  return {
    text: (name) => expect(name, 'text'),
    file(name, filename) {
      expect(name, 'file');
      if (!filename) throw new AdminError('badRequest', `Invalid field: ${name}. No file was chosen`);
    },
  };
}

/** @throws AdminError that names the first file which is missing; a missing text is the endpoint's to judge */
export function requireFiles(rules: FormRules, files: ReadonlyMap<string, unknown>): void {
  for (const [name, { kind, optional }] of Object.entries(rules)) {
    if (kind === 'file' && optional !== true && !files.has(name)) {
      throw new AdminError('badRequest', `Missing field: ${name}. Expected a file`);
    }
  }
}

export function fileTooLarge(name: string, limitBytes: number): AdminError {
  return new AdminError(
    'tooLarge',
    `Invalid field: ${printable(name, 64)}. Allowed: at most ${limitBytes} bytes`,
  );
}

export function textTooLong(name: string): AdminError {
  return new AdminError(
    'badRequest',
    `Invalid field: ${printable(name, 64)}. Allowed: at most ${TEXT_LIMIT_BYTES} bytes of text`,
  );
}

function names(rules: FormRules): string {
  return Object.keys(rules).join(', ') || 'none';
}

function described(kind: FormField['kind']): string {
  return kind === 'file' ? 'a file' : 'text';
}
