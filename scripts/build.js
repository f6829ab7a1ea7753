// `npm run build`: builds the product into dist/.
import { join } from 'node:path';
import { buildProduct } from './bundle.js';

await buildProduct(join(import.meta.dirname, '../dist'));
