import { TarFormatError } from '../../../../src/package/tar-format-error.js';
import { readTar } from '../../../../src/package/tar-reader.js';
import { only } from '../only.js';

/** The reader of archives, in two pieces, as they may come. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const middle = bytes.length >> 1;
  // eslint-disable-next-line @typescript-eslint/require-await -- it stands for a stream
  const source = async function* () {
    yield bytes.subarray(0, middle);
    yield bytes.subarray(middle);
  };
  await only([TarFormatError], () => readTar(source(), () => Promise.resolve(), { isPadded: true }));
};
