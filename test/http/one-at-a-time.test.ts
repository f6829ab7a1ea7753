import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { oneAtATime } from '../../src/http/one-at-a-time.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function send(count: number) {
  let underWay = 0;
  let most = 0;
  const server = createServer(
    oneAtATime((_request, response) => {
      most = Math.max(most, (underWay += 1));
      setImmediate(() => {
        underWay -= 1;
        response.end('answer');
      });
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket
    .on('error', () => undefined)
    .write(REQUEST.repeat(count - 1) + REQUEST.replace('a\r\n', 'a\r\nConnection: close\r\n'));
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  server.close();
  await once(server, 'close');
  return { answers: text.split('answer').length - 1, most };
}

test('the requests of one connection are handled one after the other, and all are answered', async () => {
  expect(await send(50)).toEqual({ answers: 50, most: 1 });
});

test('a connection on which hundreds of requests wait is cut off', async () => {
  expect((await send(1_000)).answers).toBeLessThan(1_000);
});

test('what was sent after the request whose answer closes the connection is not carried out', async () => {
  const handled: (string | undefined)[] = [];
  const server = createServer(
    oneAtATime(({ url }, response) => {
      handled.push(url);
      response.setHeader('Connection', 'close').end('answer');
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(REQUEST.replace('/', '/first') + REQUEST.replace('/', '/second'));
  await once(socket.resume(), 'close');
  server.close();
  await once(server, 'close');
  expect(handled).toEqual(['/first']);
});
