import { isIP } from 'node:net';
import type { Socket } from 'node:net';

/** Sockets that a proxy on this machine opened: the client's address is in its header. */
const proxied = new WeakSet<Socket>();

export function markProxied(socket: Socket): void {
  proxied.add(socket);
}

/**
 * The client's address: the socket's own, or behind the local proxy the last entry of `X-Forwarded-For`. Undefined if
 * the proxy names none.
 */
export function clientAddress(
  socket: Socket,
  forwardedFor: string | string[] | undefined,
): string | undefined {
  if (!proxied.has(socket)) return unmapped(socket.remoteAddress);
  const last =
    String(forwardedFor ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? '';
  return isIP(last) === 0 ? undefined : unmapped(last);
}

/** An IPv4 client on a dual-stack listener shows as `::ffff:192.0.2.1`. */
function unmapped(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '');
}
