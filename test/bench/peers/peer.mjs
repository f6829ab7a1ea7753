import { readFileSync } from 'node:fs';

/** What every peer is told: TLS settings as admind has them, what to answer, where to listen. */
export function readPeer() {
  const [file, port] = process.argv.slice(2);
  return { ...JSON.parse(readFileSync(file, 'utf8')), port: Number(port) };
}
