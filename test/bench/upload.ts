import { run } from '../support/run-program.js';

/** Sends a file as a form with curl. @throws Error unless the answer is that it was accepted */
export async function upload(url: string, field: string, file: string): Promise<void> {
  const form = ['-F', `${field}=@${file}`];
  const status = await run('curl', '-sSk', '-o', '/dev/null', '-w', '%{http_code}', ...form, url);
  if (status !== '202') throw new Error(`the upload was answered ${status}`);
}
