import { relative } from 'node:path';
import type { Daemon } from '../main.js';
import { vendorDirectory } from '../appliance/sandbox.js';

/** What the person who has just started a sandbox can type next; shell commands for the checkout's directory. */
export function nextSteps(root: string, { paths, port }: Daemon, version: string): string {
  if (port === undefined) return '';
  const url = `https://127.0.0.1:${port}`;
  const vendor = shown(vendorDirectory(root));
  const curl = `curl --cacert ${shown(paths.tlsCertificate)}`;
  return `
admind ${version} serves the sandbox appliance in ${shown(root)} on ${url}
The API reference: ${url}/docs

Type next, in another terminal in this directory:

  # 1. Set the API token
  printf %s my-secret-token > ${shown(root)}/token.txt
  ${curl} -F 'newtoken=<${shown(root)}/token.txt' ${url}/api/v1/admin/setup

  # 2. Sign a request
  hash=$(npx admind sign --token-file ${shown(root)}/token.txt GET /version)
  ${curl} "${url}/api/v1/admin/version?hash=$hash"

  # 3. Make an update package and send it
  npx admind package create --dir ${vendor}/sample-update --key ${vendor}/keys/updates.key \\
    --private-key ${vendor}/keys/updates.private.pem --out ${vendor}/software_package-1.1.0.enc
  hash=$(npx admind sign --token-file ${shown(root)}/token.txt POST /update)
  ${curl} -F update=@${vendor}/software_package-1.1.0.enc "${url}/api/v1/admin/update?hash=$hash"

  # 4. Follow it
  hash=$(npx admind sign --token-file ${shown(root)}/token.txt GET /update)
  ${curl} "${url}/api/v1/admin/update?hash=$hash"

`;
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short || '.';
}
