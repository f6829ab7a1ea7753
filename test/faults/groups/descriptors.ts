import { afterShell } from '../../support/after-shell.js';
import { openDescriptors } from '../../support/open-descriptors.js';
import { openIdleConnections } from '../../support/idle-connections.js';
import { poll } from '../../support/poll.js';
import { requireAnswers, startServing, type Serving } from '../daemon/serving.js';
import type { Group, Row } from '../row.js';

/** Enough to start with: all modules are read at once. */
const LIMIT = 300;
const FREE = [0, 1, 2, 4, 8, 12];

export const descriptors: Group = {
  name: 'descriptors',
  about:
    'idle connections use up the file descriptors of the daemon while everything is asked: it lives, and recovers',
  async *rows({ isShort }) {
    const serving = await startServing({
      prefix: afterShell(`ulimit -n ${LIMIT}`),
    });
    try {
      for (const free of isShort ? [0, 2] : FREE) yield rowOf(serving, free);
    } finally {
      await serving.stop();
    }
  },
};

function rowOf(serving: Serving, free: number): Row {
  const { pid, daemon } = serving;
  return {
    name: `${free} descriptors are free`,
    limitMs: 240_000,
    async run() {
      const idle = openDescriptors(pid).length;
      const count = free === 0 ? LIMIT : LIMIT - idle - free;
      const close = await openIdleConnections(daemon.port, count);
      try {
        await poll('they are used up', () =>
          Promise.resolve(openDescriptors(pid).length >= LIMIT - free - 2),
        );
        await requireAnswers(serving);
      } finally {
        close();
      }
      await serving.requireWell();
    },
  };
}
