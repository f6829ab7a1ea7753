import { certificates } from '../hostile/corpus/certificates.js';
import { forms } from '../hostile/corpus/forms.js';
import { framing } from '../hostile/corpus/framing.js';
import { licences } from '../hostile/corpus/licences.js';
import { queries } from '../hostile/corpus/queries.js';
import { hasty, type RequestCase } from '../hostile/corpus/request.js';
import { requestHeads } from '../hostile/corpus/request-heads.js';
import { settingsFiles } from '../hostile/corpus/settings-files.js';
import { generatedRequests } from '../hostile/generated-requests.js';
import { createRequestStand } from '../hostile/request-stand.js';
import type { Extent, Group } from '../row.js';

const GENERATED = 3_000;
/** Of a short version: every so many cases of the corpus, and a few that are made. */
const SHORT_STEP = 17;
const SHORT_GENERATED = 27;

/** Raw bytes of a client over TLS: request heads, framing, queries, forms, settings, certificates, licences. */
export const hostileRequests: Group = {
  name: 'hostile-requests',
  about: 'hostile requests are answered as the contract has it, or cut off, and change nothing',
  async *rows({ isShort, random }: Extent) {
    const stand = createRequestStand();
    try {
      const all = [...(await corpus()), ...generatedRequests(random, isShort ? SHORT_GENERATED : GENERATED)];
      for (const [index, request] of all.entries()) {
        const isTaken = !isShort || index % SHORT_STEP === 0 || request.name.startsWith('generated');
        if (isTaken) yield { name: request.name, run: () => stand.try(request), limitMs: 90_000 };
      }
      yield { name: 'memory and open files after all of them', run: () => stand.requireBounded() };
    } finally {
      await stand.remove();
    }
  },
};

async function corpus(): Promise<readonly RequestCase[]> {
  return [
    ...requestHeads().map(hasty),
    ...framing().map(hasty),
    ...queries(),
    ...forms(),
    ...settingsFiles(),
    ...licences(),
    ...(await certificates()),
  ];
}
