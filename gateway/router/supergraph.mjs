// Reads the supergraph file and keeps serving the last good one when the file is broken.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buildSchema } from 'graphql';
import { say } from './log.mjs';

const SEAL = /^# sha256 ([0-9a-f]{64})\n/m;
const GRAPH = /@join__graph\(name: "([^"]+)", url: "([^"]*)"\)/g;

/** The hash that `compose.mjs` writes into the head, over everything that follows it. */
export function sealOf(body) {
  return createHash('sha256').update(body).digest('hex');
}

/** Throws unless the text is a whole supergraph: sealed content intact, types complete. */
export function checkSupergraph(text) {
  const seal = SEAL.exec(text);
  if (seal && sealOf(text.slice(seal.index + seal[0].length)) !== seal[1]) {
    throw new Error('its content does not match its sha256 (half-written or edited by hand)');
  }
  if ([...text.matchAll(GRAPH)].length === 0) throw new Error('it names no subgraph');
  buildSchema(text, { assumeValidSDL: false });
}

/** Puts the addresses of this installation in place of the placeholders. */
export function addressSubgraphs(text, urls) {
  return text.replace(GRAPH, (_, name) => {
    const url = urls[name];
    if (url === undefined) {
      throw new Error(`GATEWAY_${name.toUpperCase()}_URL is not set, so '${name}' has no address`);
    }
    return `@join__graph(name: "${name}", url: ${JSON.stringify(url)})`;
  });
}

/** A supplier for the router: the file if it is good, else the last good text. */
export function lastGoodSupergraph({ path, urls }) {
  let raw;
  let good;
  let lastFault;
  return async function supergraph() {
    try {
      const text = await readFile(path, 'utf8');
      if (text !== raw) {
        checkSupergraph(text);
        good = addressSubgraphs(text, urls);
        if (raw !== undefined) say('info', 'Serving the changed supergraph', { path });
        raw = text;
      }
      lastFault = undefined;
      return good;
    } catch (error) {
      if (good === undefined) {
        throw new Error(`The supergraph ${path} cannot be used: ${error.message}`, { cause: error });
      }
      if (error.message !== lastFault) {
        lastFault = error.message;
        say('error', 'The supergraph file is broken; still serving the last good one', { path });
      }
      return good;
    }
  };
}
