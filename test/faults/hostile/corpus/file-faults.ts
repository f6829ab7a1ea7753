import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** What is in the place of a file instead of what should be. */
export interface FileFault {
  readonly name: string;
  /** The place is free, and its directory is there. */
  put(file: string, content: Buffer): void;
}

const put = (name: string, make: (content: Buffer) => string | Buffer): FileFault => ({
  name,
  put: (file, content) => writeFileSync(file, make(content)),
});
const link = (name: string, target: (file: string) => string): FileFault => ({
  name,
  put: (file) => symlinkSync(target(file), file),
});
const LARGE_BYTES = 100 * 1024 * 1024;

export const FILE_FAULTS: readonly FileFault[] = [
  put('empty', () => ''),
  put('blank', () => ' \n\t\n'),
  put('garbage', () => '}{garbage\u0001'.repeat(20)),
  put('binary', () => Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 167) & 0xff))),
  put('zeros', () => Buffer.alloc(4_096)),
  put('cut off', (content) => content.subarray(0, Math.ceil(content.length / 2))),
  put('without its last byte', (content) => content.subarray(0, -1)),
  put('one long line', () => 'x'.repeat(2_000_000)),
  put('of 100 MB', () => Buffer.alloc(LARGE_BYTES, 'x\n')),
  put('deep JSON', () => `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`),
  ...['null', '[]', '1', '"text"', '{}', '{"status":{}}', '{"entries":1}', '{"network":[],"storage":1}'].map(
    (json) => put(`the JSON ${json}`, () => json),
  ),
  put('an object whose values are objects', (content) => objectsFor(content)),
  { name: 'a directory', put: (file) => mkdirSync(file) },
  { name: 'a pipe', put: (file) => void execFileSync('mkfifo', [file]) },
  link('a link to nothing', (file) => `${file}.nothing`),
  link('a link to itself', (file) => basename(file)),
  link('a link to its directory', (file) => dirname(file)),
  link('a link to zeros without end', () => '/dev/zero'),
];

function objectsFor(content: Buffer): string {
  try {
    const names = Object.keys(JSON.parse(content.toString()) as object);
    return JSON.stringify(Object.fromEntries(names.map((name) => [name, { a: [null] }])));
  } catch {
    return '{"status":{"a":[null]},"entries":{"a":[null]}}';
  }
}
