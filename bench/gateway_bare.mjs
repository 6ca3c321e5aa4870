// The same runtime and planner as the gateway's, with nothing of ours: what its walls are weighed against.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { BARE_PROJECT, BARE_SUPERGRAPH, BARE_URL } = process.env;
const require = createRequire(pathToFileURL(`${BARE_PROJECT}/package.json`));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { createGatewayRuntime } = await load('@graphql-hive/gateway-runtime');
const { unifiedGraphHandler } = await load('@graphql-hive/router-runtime');
const { default: httpTransport } = await load('@graphql-mesh/transport-http');

const text = readFileSync(BARE_SUPERGRAPH, 'utf8').replace(
  /@join__graph\(name: "([^"]+)", url: "[^"]*"\)/g,
  (_, name) => `@join__graph(name: "${name}", url: "${BARE_URL}/${name}")`,
);
const runtime = createGatewayRuntime({
  supergraph: () => text,
  unifiedGraphHandler,
  transports: { http: httpTransport.default ?? httpTransport },
  logging: false,
});
await runtime.getSchema();
const server = createServer({ keepAliveTimeout: 75_000 }, runtime);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  process.stderr.write(`${JSON.stringify({ message: 'Listening', address: `http://127.0.0.1:${port}` })}\n`);
});
