import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { KeyPair } from './certificate.js';

/** TLS 1.2 with forward secrecy and authenticated encryption only; TLS 1.3 suites are all of that kind. */
const TLS_1_2_CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];
const TLS_1_3_CIPHERS = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

/** Left to themselves, clients may choose finite-field groups too: weak ones, and ones that cost the server most. */
const GROUPS = ['X25519', 'P-256', 'X448', 'P-521', 'P-384'];

/** How a pair is served: by the listener, and in the trial before the listener gets it. */
export function tlsPolicy({ key, certificate }: KeyPair): SecureContextOptions {
  return {
    key,
    cert: certificate,
    minVersion: 'TLSv1.2',
    ciphers: [...TLS_1_3_CIPHERS, ...TLS_1_2_CIPHERS].join(':'),
    honorCipherOrder: true,
    ecdhCurve: GROUPS.join(':'),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}
