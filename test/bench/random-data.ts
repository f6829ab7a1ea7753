import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from './scene.js';

const FILES_PER_DIRECTORY = 100;

/** Makes a file that no compression makes smaller, as system images are. */
export async function writeRandomFile(path: string, bytes: number): Promise<void> {
  const stream = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(MIB);
  const file = await open(path, 'w');
  try {
    for (let left = bytes; left > 0; left -= MIB) {
      await file.writeFile(stream.update(zeros.subarray(0, Math.min(MIB, left))));
    }
  } finally {
    await file.close();
  }
}

/** Makes `count` files of the same size below `directory`, a hundred in each directory. */
export async function writeRandomTree(directory: string, count: number, totalBytes: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const parent = join(directory, `part-${Math.floor(index / FILES_PER_DIRECTORY)}`);
    await mkdir(parent, { recursive: true });
    await writeRandomFile(join(parent, `file-${index}.bin`), Math.ceil(totalBytes / count));
  }
}

/** Makes a file of log lines. */
export async function writeLogFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  try {
    let time = Date.UTC(2026, 0, 1);
    for (let left = bytes; left > 0;) {
      const lines = Array.from({ length: 5000 }, () => {
        time += 137;
        return `${new Date(time).toISOString()} appliance service[${time % 30_000}]: request ${randomBytes(6).toString('hex')} answered 200 in ${time % 97} ms\n`;
      }).join('');
      await file.writeFile(lines.slice(0, left));
      left -= lines.length;
    }
  } finally {
    await file.close();
  }
}
