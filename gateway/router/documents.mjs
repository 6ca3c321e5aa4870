// Which documents may run: anything in development, otherwise only the committed ones.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GraphQLError, stripIgnoredCharacters } from 'graphql';

const FOLDER = fileURLToPath(new URL('../documents/', import.meta.url));
const REMEMBERED = 1_000;

/** sha256 over the document without spaces and comments, so that formatting does not matter. */
export function hashOf(text) {
  return createHash('sha256').update(stripIgnoredCharacters(text)).digest('hex');
}

/** hash -> text of every *.graphql file in the folder. */
export function readDocuments(folder = FOLDER) {
  const documents = new Map();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.graphql')) continue;
    const text = readFileSync(`${folder}/${name}`, 'utf8');
    documents.set(hashOf(text), text);
  }
  return documents;
}

function refuse(message) {
  const extensions = { code: 'DOCUMENT_NOT_TRUSTED', http: { status: 400 } };
  return new GraphQLError(message, { extensions });
}

/**
 * The plugin. A client sends the text or `extensions.persistedQuery.sha256Hash`. Only query,
 * operationName and variables go on: the executor would copy client `extensions.headers` to the
 * subgraphs.
 */
export function documents({ development, trusted = readDocuments() }) {
  const verdicts = new Map();
  function isTrusted(text) {
    let verdict = verdicts.get(text);
    if (verdict === undefined) {
      try {
        verdict = trusted.has(hashOf(text));
      } catch {
        verdict = false;
      }
      if (verdicts.size >= REMEMBERED) verdicts.clear();
      verdicts.set(text, verdict);
    }
    return verdict;
  }
  function textOf({ query, extensions }) {
    if (query != null) {
      if (development || (typeof query === 'string' && isTrusted(query))) return query;
      throw refuse('This gateway runs only its trusted documents, and this is not one of them.');
    }
    const hash = extensions?.persistedQuery?.sha256Hash;
    if (hash == null) return query;
    const text = trusted.get(hash);
    if (text === undefined) throw refuse('No trusted document has this sha256Hash.');
    return text;
  }
  return {
    onParams({ params, setParams }) {
      const { operationName, variables } = params;
      setParams({ query: textOf(params), operationName, variables });
    },
  };
}
