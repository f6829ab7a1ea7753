import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/* Loaded before a program of the product: what `faulty-file.ts` describes happens in it. */

const { FAULT_FILE: file, FAULT_EFFECT: effect, FAULT_NTH: nth } = process.env;
let count = 0;

function fail(call) {
  count += 1;
  if (nth !== '' && count !== Number(nth)) return;
  if (effect.startsWith('SIG')) {
    process.kill(process.pid, effect);
    return;
  }
  throw Object.assign(new Error(`${effect}: injected, ${call}`), { code: effect, syscall: call });
}

for (const call of ['rename', 'link', 'rm']) {
  const real = promises[call];
  promises[call] = async (...args) => {
    if (args[call === 'rm' ? 0 : 1] === file) fail(call);
    return real(...args);
  };
}
syncBuiltinESMExports();
