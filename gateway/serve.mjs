// Starts the router in one process and stops it without cutting a request off.
import { setTimeout as pause } from 'node:timers/promises';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { configure } from './gateway.config.mjs';
import { serverFor } from './router/connections.mjs';
import { say } from './router/log.mjs';
import { SettingError, readSettings } from './router/settings.mjs';

function listen(server, { host, port }) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address().port));
  });
}

async function start() {
  const settings = readSettings();
  const { config, journeys, streams, ready } = configure(settings);
  await ready();
  await config.supergraph(); // says what is wrong with the file before the router wraps the error
  const runtime = createGatewayRuntime(config);
  await runtime.getSchema();
  // The router would dispose itself on a signal and abort the calls in flight.
  for (const signal of ['SIGTERM', 'SIGINT']) process.removeAllListeners(signal);

  let stopping = false;
  const open = new Set();
  function answered(request, response) {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (stopping) {
      response.setHeader('connection', 'close'); // the caller's next request goes elsewhere
      if (request.url === '/readiness') {
        response.writeHead(503).end();
        return;
      }
    }
    runtime(request, response);
  }
  const server = serverFor(answered, settings);
  const port = await listen(server, settings);
  const address = `http://${settings.host}:${port}`;
  const { development } = settings;
  say('info', 'Listening', { address, development, traces: Boolean(settings.traceEndpoint) });

  async function stop(signal) {
    if (stopping) return;
    stopping = true;
    say('info', 'Stopping', { signal });
    // Balancers and callers learn it first; only then is nobody let in.
    for (const response of open) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
    await pause(settings.drainMs);
    streams.end();
    const fuse = setTimeout(() => server.closeAllConnections(), settings.stopTimeoutMs);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closed;
    clearTimeout(fuse);
    await journeys.close();
    await runtime.dispose();
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop(signal));
}

try {
  await start();
} catch (error) {
  const isPlain = error instanceof SettingError || error.code === 'EADDRINUSE' || error.cause;
  process.stderr.write(`The gateway cannot start.\n${isPlain ? error.message : error.stack}\n`);
  process.exit(1);
}
