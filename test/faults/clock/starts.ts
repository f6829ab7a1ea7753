import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openTrial } from '../stand/trial.js';
import { createClock } from './clock.js';

/**
 * A daemon without a certificate starts while the clock shows another year: clients whose clocks are right can connect,
 * jobs run, and they go on to when the clock is put right.
 */
export async function startsInYear(year: number, product?: string): Promise<void> {
  const clock = createClock(secondsUntil(year));
  try {
    const trial = await openTrial('settings', { prefix: clock.prefix, product });
    try {
      const { tlsCertificate } = trial.stand.appliance.paths;
      const made = requireValidNow(tlsCertificate);
      await trial.plainRound();
      clock.set(0);
      await trial.plainRound();
      await trial.stand.restart();
      await trial.plainRound();
      assert.equal(requireValidNow(tlsCertificate), made, 'clients have stored the certificate: it stays');
    } finally {
      await trial.close();
    }
  } finally {
    clock.remove();
  }
}

function secondsUntil(year: number): number {
  return Math.floor((Date.UTC(year, 0, 1, 0, 1) - Date.now()) / 1000);
}

function requireValidNow(file: string): string {
  const pem = readFileSync(file, 'utf8');
  const { validFrom, validTo } = new X509Certificate(pem);
  const isValid = Date.parse(validFrom) <= Date.now() && Date.now() < Date.parse(validTo);
  assert.ok(isValid, `the certificate is valid today, not from ${validFrom} to ${validTo}`);
  return pem;
}
