import type { Endpoint } from './endpoint.js';
import { shortPath } from './reference-endpoint.js';

/**
 * Every endpoint but the root as a Markdown table with a command to try it, for the README: the endpoint table is its
 * one source.
 */
export function renderEndpointTable(endpoints: readonly Endpoint[]): string {
  const rows = endpoints
    .filter(({ path }) => path !== '/')
    .map((endpoint) => [`\`${adminCurl(endpoint)}\``, endpoint.summary]);
  return [['Command', 'What it does'], ['---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** admin-curl reads a new token from a file, since its standard input carries the signed URL. */
function adminCurl({ method, path, example }: Endpoint): string {
  const options = example.arguments?.replace('"newtoken=<-"', "'newtoken=<token.txt'") ?? '';
  return `admin-curl ${method} ${shortPath(path)} ${options}`.trimEnd();
}
