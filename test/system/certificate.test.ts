import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createSelfSignedCertificate } from '../../src/system/certificate.js';

test.each([
  ['1980, as after a battery died', Date.UTC(1980, 0, 1), 2035],
  ['today', Date.now(), new Date().getUTCFullYear() + 9],
  ['2040', Date.UTC(2040, 0, 1), 2049],
  // RFC 5280: from 2050 on the dates have another format.
  ['2099', Date.UTC(2099, 0, 1), 2108],
])('made when the clock shows %s, a certificate is valid for a client of today', async (_when, now, year) => {
  const { key, certificate } = await createSelfSignedCertificate(now);
  const server = createServer({ key, cert: certificate }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // Node's client refuses a certificate that is not valid by this machine's clock.
  const client = connect({ host: '127.0.0.1', port, ca: certificate });
  try {
    await once(client, 'secureConnect');
    expect(client.authorized).toBe(true);
  } finally {
    client.destroy();
    server.close();
  }
  const { validFrom, validTo } = new X509Certificate(certificate);
  // What Apple's limit of 825 days does not apply to.
  expect(Date.parse(validFrom)).toBeLessThan(Date.UTC(2019, 6, 1));
  expect(new Date(validTo).getUTCFullYear()).toBeGreaterThanOrEqual(year);
});
