import { connect, type Socket } from 'node:net';

/** Opens connections that say nothing and cost the daemon a file descriptor each. @returns closes them */
export async function openIdleConnections(port: number, count: number): Promise<() => void> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(port)));
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

/** Resolves also when the daemon hangs up: it may have no descriptor left to keep the connection. */
function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket)).once('close', () => resolve(socket));
  });
}
