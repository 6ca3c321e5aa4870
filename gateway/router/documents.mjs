// Which documents may run: a channel's own, and in development whatever a developer sends.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GraphQLError, stripIgnoredCharacters } from 'graphql';

const REMEMBERED = 1_000;

/** sha256 over the document without spaces and comments, so that formatting does not matter. */
export function hashOf(text) {
  return createHash('sha256').update(stripIgnoredCharacters(text)).digest('hex');
}

/** The manifest that `documents.mjs` builds: hash -> {operation, type, channels, text}. */
export function readManifest(path) {
  try {
    const entries = Object.entries(JSON.parse(readFileSync(path, 'utf8')));
    if (!entries.every(([, { channels, text }]) => Array.isArray(channels) && text)) {
      throw new TypeError('an entry has no channels or no text');
    }
    return new Map(entries.map(([hash, entry]) => [hash, { ...entry, channels: new Set(entry.channels) }]));
  } catch (error) {
    const reason = error.code ?? 'it is no manifest';
    throw new Error(`GATEWAY_DOCUMENTS ${path} cannot be used: ${reason}`, { cause: error });
  }
}

function refuse(message) {
  const extensions = { code: 'DOCUMENT_NOT_TRUSTED', http: { status: 400 } };
  return new GraphQLError(message, { extensions });
}

/**
 * The plugin. A client sends the text or `extensions.persistedQuery.sha256Hash`; what another
 * channel may run is refused like what nobody may. Only query, operationName and variables go on:
 * the executor would copy client `extensions.headers` to the subgraphs.
 */
export function documents({ development, documents: path, callerOf }) {
  const manifest = readManifest(path);
  const hashes = new Map();
  function knownHash(text) {
    let hash = hashes.get(text);
    if (hash === undefined) {
      try {
        hash = hashOf(text);
      } catch {
        hash = null; // it is no GraphQL at all
      }
      if (hashes.size >= REMEMBERED) hashes.clear();
      hashes.set(text, hash);
    }
    return hash;
  }
  function textOf({ query, extensions }, caller) {
    if (typeof query === 'string' && development && caller.role === 'developer') return query;
    const hash = query == null ? extensions?.persistedQuery?.sha256Hash : knownHash(query);
    const entry = manifest.get(hash);
    if (entry?.channels.has(caller.channel)) return entry.text;
    throw refuse(`The channel '${caller.channel}' runs only its own documents, and this is not one of them.`);
  }
  return {
    onParams({ request, params, setParams }) {
      const { operationName, variables } = params;
      setParams({ query: textOf(params, callerOf(request)), operationName, variables });
    },
  };
}
