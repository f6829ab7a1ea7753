import { connections } from './connections.js';
import type { Growth } from './growth.js';
import { updates, uploads } from './sizes.js';

export const growths: readonly Growth[] = [connections, uploads, updates];
