import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

/** A TLS connection to a port of this machine, whatever certificate it shows. */
export async function connectTls(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

/** SHA-256 fingerprint of the certificate that a new connection is shown. */
export async function servedFingerprint(port: number): Promise<string> {
  const socket = await connectTls(port);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
