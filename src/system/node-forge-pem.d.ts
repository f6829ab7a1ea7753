/** The part of node-forge that reads PEM files: a small one of what the whole package loads. */
declare module 'node-forge/lib/pem.js' {
  import type { pem } from 'node-forge';

  const part: typeof pem;
  export default part;
}
