import {
  readCertificates,
  readPrivateKey,
  requireServerKey,
} from '../../../../src/appliance/certificate-upload.js';
import { AdminError } from '../../../../src/core/errors.js';
import { inputFile } from '../input-file.js';
import { only } from '../only.js';

/** A file of certificates, or with a private key. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const file = inputFile(bytes);
  await only([AdminError], () => readPrivateKey(file, 'private'));
  await only([AdminError], async () => {
    for (const one of await readCertificates(file, 'public')) requireServerKey(one, 'public');
  });
};
