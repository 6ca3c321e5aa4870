// Both far sides of a gateway in one process: services that answer at once, and callers that never rest.
import { createServer, Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { FAR_SIDE_PROJECT, FAR_SIDE_SDL } = process.env;
const require = createRequire(pathToFileURL(`${FAR_SIDE_PROJECT}/package.json`));
const { buildSchema, execute, parse } = require('graphql');

const KNOWN = {
  customer: { customerByNumber: ({ number }) => ({ id: number, number, name: `Customer ${number}` }) },
  scoring: { _entities: ({ representations }) => representations.map(({ id }) => ({ __typename: 'Customer', id, contribution: `${id}.00` })) },
  campaign: { _entities: ({ representations }) => representations.map(({ id }) => ({ __typename: 'Customer', id, offers: [`offer for ${id}`] })) },
};
const schemas = Object.fromEntries(
  Object.entries(JSON.parse(FAR_SIDE_SDL)).map(([name, sdl]) => [name, buildSchema(sdl, { assumeValid: true })]),
);
const documents = new Map();

function parsed(query) {
  if (!documents.has(query)) documents.set(query, parse(query));
  return documents.get(query);
}

const services = createServer({ keepAliveTimeout: 75_000 }, (incoming, outgoing) => {
  const pieces = [];
  incoming.on('data', (piece) => pieces.push(piece));
  incoming.on('end', async () => {
    const { query, variables } = JSON.parse(Buffer.concat(pieces));
    const name = incoming.url.slice(1);
    const result = await execute({
      schema: schemas[name],
      document: parsed(query),
      rootValue: KNOWN[name],
      variableValues: variables,
    });
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  });
});

let asked = 0;
function ask(agent, { url, query, token }) {
  const number = String(asked++);
  const body = JSON.stringify({ query, variables: { number } });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  };
  return new Promise((resolve) => {
    const call = request(`${url}/graphql`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => (text += piece));
      answer.on('end', () => {
        const found = JSON.parse(text).data?.customerByNumber;
        resolve(found?.contribution === `${number}.00` && found.offers[0] === `offer for ${number}`);
      });
    });
    call.on('error', () => resolve(false));
    call.end(body);
  });
}

async function load(order) {
  const agent = new Agent({ keepAlive: true, maxSockets: order.callers });
  const until = performance.now() + order.seconds * 1000;
  const told = { answered: 0, failed: 0 };
  async function caller() {
    while (performance.now() < until) told[(await ask(agent, order)) ? 'answered' : 'failed'] += 1;
  }
  const begun = performance.now();
  await Promise.all(Array.from({ length: order.callers }, caller));
  agent.destroy();
  return { ...told, seconds: (performance.now() - begun) / 1000 };
}

services.listen(0, '127.0.0.1', async () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${services.address().port}` })}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await load(JSON.parse(line)))}\n`);
  }
  process.exit(0);
});
