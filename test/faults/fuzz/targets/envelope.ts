import { gzipSync } from 'node:zlib';
import { createArchiveTrials } from '../../hostile/archive-trials.js';
import { ENVELOPE_FORMS } from '../envelope-forms.js';

const trials = createArchiveTrials();

/** An update package, as the first byte says: its bytes as they are, its outer tar, or one well made of which some are turned. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const { package: open, seal, envelope } = await trials;
  const body = bytes.subarray(1);
  const form = ENVELOPE_FORMS[(bytes[0] ?? 0) % ENVELOPE_FORMS.length];
  if (form === 'outer tar') await open(await seal(body));
  else if (form === 'well made') await open(turned(await seal(await envelope(gzipSync(body))), body));
  else await open(body);
};

/** What is turned, and whether there is anything, the last bytes of the contents say. */
function turned(sealed: Buffer, contents: Buffer): Buffer {
  const [mask = 0, high = 0, low = 0] = contents.subarray(-3);
  const at = (high * 256 + low) % sealed.length;
  sealed[at] = (sealed[at] ?? 0) ^ mask;
  return sealed;
}
