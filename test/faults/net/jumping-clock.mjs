import { readFileSync, writeFileSync } from 'node:fs';

/*
 * Loaded into the daemon ahead of it: on SIGUSR2 its clock is ahead by as many milliseconds as the file named by
 * ADMIND_TEST_CLOCK says. That it is done is told by emptying the file.
 */

const file = process.env.ADMIND_TEST_CLOCK ?? '';
const RealDate = Date;
let aheadMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + aheadMs);
    else super(...parts);
  }
  static now() {
    return RealDate.now() + aheadMs;
  }
};

process.on('SIGUSR2', () => {
  aheadMs = Number(readFileSync(file, 'utf8'));
  writeFileSync(file, '');
});
