// Lets a request in only with a valid token of the issuer, and knows from it who is asking.
import { createPublicKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { GraphQLError } from 'graphql';
import jsonwebtoken from 'jsonwebtoken';
import { say } from './log.mjs';
import { readPolicy } from './policy.mjs';

const CACHED_TOKENS = 5_000;
const LOOK_AGAIN_MS = 2_000;

function refuse(message) {
  return new GraphQLError(message, {
    extensions: {
      code: 'UNAUTHENTICATED',
      http: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } },
    },
  });
}

/** kid -> public key, out of a JWKS document; only ES256 keys count. */
export function readKeys(text) {
  const keys = new Map();
  for (const jwk of JSON.parse(text).keys ?? []) {
    if (jwk.kty !== 'EC' || jwk.crv !== 'P-256' || !jwk.kid) continue;
    const { kty, crv, x, y } = jwk;
    keys.set(jwk.kid, createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }));
  }
  if (keys.size === 0) throw new Error('it holds no ES256 key with a kid');
  return keys;
}

/** The keys of a file, read again when the file changes; a broken file leaves the last good keys. */
export function watchKeys(path, now = Date.now) {
  const stamp = () => {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs}:${size}:${ino}`;
  };
  let seen;
  let keys;
  try {
    seen = stamp();
    keys = readKeys(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`GATEWAY_JWKS_FILE ${path} cannot be used: ${error.message}`, { cause: error });
  }
  let lookedAt = now();
  return function current() {
    if (now() - lookedAt < LOOK_AGAIN_MS) return keys;
    lookedAt = now();
    try {
      const found = stamp();
      if (found !== seen) {
        seen = found;
        keys = readKeys(readFileSync(path, 'utf8'));
        say('info', 'Read the changed token keys', { keys: keys.size });
      }
    } catch {
      say('error', 'The token keys cannot be read; still using the last good ones', { path });
    }
    return keys;
  };
}

function forbid(message) {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } });
}

const isText = (value) => typeof value === 'string' && value !== '';

/** Who a verified token speaks for, as principals will say it; the policy gives the scopes. */
export function callerIn(claims, policy) {
  const { sub, role, channel, institution } = claims;
  if (![sub, role, channel, institution].every(isText)) {
    throw forbid('The token does not say who is asking: subject, role, channel and institution.');
  }
  const scopes = policy.scopesOf(role, channel);
  if (scopes === undefined) {
    throw forbid(`The role '${role}' does not work in the channel '${channel}' here.`);
  }
  const caller = { sub, role, channel, institution, scopes };
  const branches = claims.branch_codes;
  if (Array.isArray(branches) && branches.every(isText)) caller.branch_codes = branches;
  for (const name of ['staff_number', 'customer_number', 'verified_caller']) {
    if (isText(claims[name])) caller[name] = claims[name];
  }
  return Object.freeze(caller);
}

/** Checks tokens and gives the caller; remembers good ones until they expire or the keys change. */
export function tokenCheck({ keys, issuer, audience, policy, now = Date.now }) {
  let cacheOf = keys();
  let known = new Map();
  return function check(header) {
    if (!header) {
      throw refuse("No token came with this request. Send the header 'Authorization: Bearer <token>'.");
    }
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1];
    if (!token) {
      throw refuse("The Authorization header is not 'Bearer <token>' with a signed token.");
    }
    if (keys() !== cacheOf) {
      cacheOf = keys();
      known = new Map();
    }
    const found = known.get(token);
    if (found !== undefined && now() < found.until) return found.caller;
    const kid = jsonwebtoken.decode(token, { complete: true })?.header?.kid;
    const key = cacheOf.get(kid);
    if (!key) throw refuse('The token was signed with a key that is not known here. Get a new token.');
    try {
      const options = { algorithms: ['ES256'], issuer, audience };
      const claims = jsonwebtoken.verify(token, key, options);
      if (typeof claims.exp !== 'number') throw refuse('The token has no expiry. Get a new token.');
      const caller = callerIn(claims, policy);
      if (known.size >= CACHED_TOKENS) known = new Map();
      known.set(token, { until: claims.exp * 1000, caller });
      return caller;
    } catch (error) {
      if (error instanceof GraphQLError) throw error;
      throw refuse(
        error instanceof jsonwebtoken.TokenExpiredError
          ? 'The token has expired. Get a new token and send the request again.'
          : 'The token is not valid here (signature, issuer or audience). Get a new token.',
      );
    }
  };
}

/** The plugin checks every GraphQL request before its body is read; `callerOf` says whose it is. */
export function identity(settings) {
  const callers = new WeakMap();
  const check = tokenCheck({
    keys: watchKeys(settings.jwksFile),
    issuer: settings.issuer,
    audience: settings.audience,
    policy: readPolicy(settings),
  });
  return {
    callerOf: (request) => callers.get(request),
    plugin: {
      onRequestParse({ request }) {
        callers.set(request, check(request.headers.get('authorization')));
      },
    },
  };
}
