import { relative } from 'node:path';
import { appliancePaths } from '../../../src/config/paths.js';
import { applianceFiles } from '../hostile/corpus/appliance-files.js';
import { FILE_FAULTS } from '../hostile/corpus/file-faults.js';
import { tryFile } from '../hostile/file-trial.js';
import { hasTool } from '../../support/tools.js';
import type { Extent, Group } from '../row.js';

/** Of a short version: as many cases, drawn by chance. */
const SHORT = 4;

/** Each file that is read, in turn: damaged, of another kind, without end. */
export const hostileFiles: Group = {
  name: 'hostile-files',
  about: 'with a damaged file the daemon starts or ends with a line that names it, never hangs, and recovers',
  isIndependent: true,
  lacks: () => (hasTool('mkfifo') ? undefined : 'mkfifo'),
  *rows({ isShort, random }: Extent) {
    const root = '/appliance';
    const cases = applianceFiles(appliancePaths(root)).flatMap((file, index) =>
      FILE_FAULTS.map((fault) => ({ name: `${relative(root, file)} is ${fault.name}`, index, fault })),
    );
    const drawn = () => cases.splice(random.below(cases.length), 1);
    for (const { name, index, fault } of isShort ? Array.from({ length: SHORT }, drawn).flat() : cases) {
      yield {
        name,
        run: () => tryFile((paths) => applianceFiles(paths)[index] ?? paths.settings, fault),
        limitMs: 300_000,
      };
    }
  },
};
