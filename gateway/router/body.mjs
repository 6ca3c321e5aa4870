// Reads a request's body: one JSON object, each name in it once, not deeper than anybody needs.
import { GraphQLError } from 'graphql';

const MAX_DEPTH = 32;
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/gs;

function refuse(code, message, status = 400) {
  return new GraphQLError(message, { extensions: { code, http: { status } } });
}

/**
 * Refuses what parsers understand differently: of a name that comes twice some take the first and
 * some the last. `text` is JSON.
 */
export function checkShape(text) {
  const open = []; // for each open bracket the names so far, or null for a list
  let last;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : null);
      if (open.length > MAX_DEPTH) {
        throw refuse('BAD_REQUEST', `The body is more than ${MAX_DEPTH} brackets deep.`);
      }
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      const name = JSON.parse(last);
      const names = open.at(-1);
      if (names.has(name)) throw refuse('BAD_REQUEST', 'The body has the same name twice.');
      names.add(name);
    }
    last = token;
  }
}

/** The parameters in a body's text. */
export function parametersIn(text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw refuse('BAD_REQUEST', 'The body is not JSON.');
  }
  if (Array.isArray(body)) throw refuse('BAD_REQUEST', 'Send one request at a time, not a list.');
  if (body === null || typeof body !== 'object') {
    throw refuse('BAD_REQUEST', 'The body must be a JSON object.');
  }
  checkShape(text);
  return body;
}

/** The plugin: the only parser there is, so that no other format finds a way in. */
export function body() {
  return {
    onRequestParse({ request, setRequestParser }) {
      const type = request.headers.get('content-type')?.split(';')[0].trim().toLowerCase();
      if (type !== 'application/json') {
        const message = 'Send JSON with Content-Type: application/json.';
        throw refuse('UNSUPPORTED_MEDIA_TYPE', message, 415);
      }
      setRequestParser(async () => {
        let text;
        try {
          text = await request.text();
        } catch {
          throw refuse('REQUEST_TIMEOUT', 'The body did not come in time.', 408);
        }
        return parametersIn(text);
      });
    },
  };
}
