// The HTTP server: who sends slowly, too much of a head, or no HTTP at all is told so and let go.
import { createServer } from 'node:http';

const REFUSALS = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'REQUEST_TIMEOUT', 'The request did not come in time.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'REQUEST_TOO_LARGE', 'The headers are too large.'],
}; // prettier-ignore
const NO_HTTP = ['400 Bad Request', 'BAD_REQUEST', 'This is no HTTP/1.1 request.'];

function endWith(socket, [status, code, message]) {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** A server for `handler`; a whole request, its body included, must come within `requestTimeoutMs`. */
export function serverFor(handler, { requestTimeoutMs }) {
  const server = createServer(
    {
      keepAliveTimeout: 75_000,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    },
    handler,
  );
  server.on('clientError', (error, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else endWith(socket, REFUSALS[error.code] ?? NO_HTTP);
  });
  return server;
}
