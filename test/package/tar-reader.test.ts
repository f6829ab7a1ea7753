import { setImmediate } from 'node:timers/promises';
import { readTar } from '../../src/package/tar-reader.js';
import { paxRecord, rawMember, tarOf } from './fixtures.js';

const big = Buffer.alloc(300_001, 'big');
const longName = 'ü'.repeat(120);
const tar = tarOf(
  { path: 'a/', type: '5' },
  { path: 'a/empty' },
  { path: 'big', body: big },
  ...Array.from({ length: 200 }, (_, index) => rawMember({ path: `small${index}`, body: `${index}` })),
  paxRecord('path', longName),
  { path: 'short', body: 'x' },
  { path: 'big2', body: big },
);

describe('readTar', () => {
  test.each([100, 511, 512, 513, 4096, 65_536, 10_000_000])(
    'reads the same in chunks of %i bytes',
    async (size) => {
      const seen: string[] = [];
      let bytes = 0;
      await readTar(chunksOf(tar, size), async ({ path, body }) => {
        seen.push(path);
        if (path === 'big') return;
        await setImmediate();
        for await (const chunk of body) bytes += chunk.length;
        await setImmediate();
        seen.push(`${path} done`);
      });
      expect(seen).toHaveLength(2 * 205 - 1);
      expect(seen.slice(0, 6)).toEqual(['a/', 'a/ done', 'a/empty', 'a/empty done', 'big', 'small0']);
      expect(seen.slice(-4)).toEqual([longName, `${longName} done`, 'big2', 'big2 done']);
      expect(bytes).toBe(big.length + 1 + 10 + 2 * 90 + 3 * 100);
    },
  );

  test('skips what a visit leaves of a body', async () => {
    const seen: string[] = [];
    await readTar(chunksOf(tar, 4096), async ({ path, body }) => {
      for await (const _chunk of body) break;
      if (path.startsWith('big')) seen.push(path);
    });
    expect(seen).toEqual(['big', 'big2']);
  });

  test.each([1000, 100_000, 10_000_000])(
    'fails with what a visit throws, in chunks of %i bytes',
    async (size) => {
      const seen: string[] = [];
      const reading = readTar(chunksOf(tar, size), async ({ path }) => {
        await setImmediate();
        seen.push(path);
        if (path === 'small7') throw new Error('no more');
      });
      await expect(reading).rejects.toThrow('no more');
      expect(seen.at(-1)).toBe('small7');
    },
  );

  test('fails with what the source throws, after the running visit has ended', async () => {
    let isRunning = false;
    const source = async function* () {
      yield* chunksOf(tar.subarray(0, 100_352), 1024);
      await setImmediate();
      throw new Error('bad padding');
    };
    const reading = readTar(source(), async ({ body }) => {
      isRunning = true;
      try {
        for await (const _chunk of body) await setImmediate();
      } finally {
        isRunning = false;
      }
    });
    await expect(reading).rejects.toThrow('bad padding');
    expect(isRunning).toBe(false);
  });

  test.each([0, 100, 512, 1024, 5000, 100_000])(
    'fails when the archive ends after %i bytes',
    async (length) => {
      const reading = readTar(chunksOf(tar.subarray(0, length), 700), async ({ body }) => {
        for await (const _chunk of body) continue;
      });
      await expect(reading).rejects.toMatchObject({ name: 'TarFormatError' });
    },
  );

  test('reads what follows the end of the archive to its end', async () => {
    let chunks = 0;
    const source = async function* () {
      yield* chunksOf(tar, 65_536);
      const rest = Buffer.alloc(1024 * 1024, 'x');
      for (; chunks < 300; chunks++) yield rest;
    };
    await readTar(source(), () => Promise.resolve());
    expect(chunks).toBe(300);
  });
});

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}
