import { run } from './shell.js';

/** Sends a file as a form with curl. @returns the status of the answer */
export async function upload(url: string, field: string, file: string): Promise<string> {
  return run('curl', '-sSk', '-o', '/dev/null', '-w', '%{http_code}', '-F', `${field}=@${file}`, url);
}
