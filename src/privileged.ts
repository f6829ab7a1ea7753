import { disarmHangup, disarmSignals } from './system/signals.js';
import { restrictUmask } from './system/umask.js';

/*
 * The privileged side: one process, as root, for one order of the daemon. systemd starts it per connection to a socket that
 * only the daemon's user may open, sudo for that user alone.
 */

disarmSignals();
disarmHangup();
restrictUmask();
// Only now: what is imported at the top is loaded before anything is done.
const { serveOrder } = await import('./serve-order.js');
await serveOrder();
