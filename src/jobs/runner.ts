import { disarmHangup, disarmSignals } from '../system/signals.js';
import { restrictUmask } from '../system/umask.js';

/*
 * The process in which one job runs, `node dist/jobs/runner.js`, for a launcher with the same rights, which starts it in
 * a session of its own.
 */

disarmSignals();
disarmHangup();
restrictUmask();
// Only now: what is imported at the top is loaded before anything is done.
const { runOrder } = await import('./run-order.js');
await runOrder();
