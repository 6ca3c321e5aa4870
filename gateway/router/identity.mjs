// Lets a request in only with a valid token of the issuer, and knows from it who is asking.
import { GraphQLError } from 'graphql';
import jsonwebtoken from 'jsonwebtoken';
import { callerReader } from './claims.mjs';
import { issuerKeys } from './keys.mjs';
import { readPolicy } from './policy.mjs';

const CACHED_TOKENS = 5_000;

function refuse(message) {
  return new GraphQLError(message, {
    extensions: {
      code: 'UNAUTHENTICATED',
      http: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } },
    },
  });
}

function tokenIn(header) {
  if (!header) {
    throw refuse("No token came with this request. Send the header 'Authorization: Bearer <token>'.");
  }
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1];
  if (!token) {
    throw refuse("The Authorization header is not 'Bearer <token>' with a signed token.");
  }
  return token;
}

/**
 * Makes `check(header)`: the caller, or a promise of it when the issuer has to be asked for new
 * keys. Good tokens are remembered until they expire or the keys change.
 */
export function tokenCheck({ keys, issuer, audience, callerIn, expiries, now = Date.now }) {
  let knownBy;
  let known = new Map();

  function remembered(token) {
    if (keys.current() !== knownBy) {
      knownBy = keys.current();
      known = new Map();
    }
    const found = known.get(token);
    return found !== undefined && now() < found.until ? found.caller : undefined;
  }

  function verified(token, { key, algorithm }) {
    let claims;
    try {
      claims = jsonwebtoken.verify(token, key, { algorithms: [algorithm], issuer, audience });
    } catch (error) {
      throw refuse(
        error instanceof jsonwebtoken.TokenExpiredError
          ? 'The token has expired. Get a new token and send the request again.'
          : 'The token is not valid here (signature, issuer or audience). Get a new token.',
      );
    }
    if (typeof claims.exp !== 'number') throw refuse('The token has no expiry. Get a new token.');
    const caller = callerIn(claims);
    expiries?.set(caller, claims.exp * 1000);
    if (known.size >= CACHED_TOKENS) known = new Map();
    known.set(token, { until: claims.exp * 1000, caller });
    return caller;
  }

  function bySignature(token, kid) {
    const key = keys.current().get(kid);
    if (!key) throw refuse('The token was signed with a key that is not known here. Get a new token.');
    return verified(token, key);
  }

  return function check(header) {
    const token = tokenIn(header);
    const caller = remembered(token);
    if (caller !== undefined) return caller;
    const kid = jsonwebtoken.decode(token, { complete: true })?.header?.kid;
    const renewed = keys.current().has(kid) ? undefined : keys.renewed();
    return renewed ? renewed.then(() => bySignature(token, kid)) : bySignature(token, kid);
  };
}

/**
 * `plugin` checks every GraphQL request before its body is read; `callerOf` says whose it is,
 * `expiryOf` when that token ends;
 * `ready` waits for the issuer's keys.
 */
export function identity(settings) {
  const callers = new WeakMap();
  const expiries = new WeakMap();
  const keys = issuerKeys(settings);
  const callerIn = callerReader({ ...settings, policy: readPolicy(settings) });
  const check = tokenCheck({ ...settings, keys, callerIn, expiries });
  return {
    ready: keys.ready,
    callerOf: (request) => callers.get(request),
    expiryOf: (request) => expiries.get(callers.get(request)),
    plugin: {
      onRequestParse({ request }) {
        const found = check(request.headers.get('authorization'));
        if (typeof found.then !== 'function') {
          callers.set(request, found);
          return undefined;
        }
        return found.then((caller) => void callers.set(request, caller));
      },
    },
  };
}
