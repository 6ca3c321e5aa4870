// Whose signature counts: the issuer's public keys, out of a file in development, else by discovery.
import { createPublicKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { kind, say } from './log.mjs';

const LOOK_AGAIN_MS = 2_000;
const RENEW_MS = 5 * 60_000;
const PATIENCE_MS = 5_000;
const MAX_BYTES = 1024 * 1024;
const LEAST_RSA_BITS = 2048;

/** The algorithm that a key is for, or undefined where none of ours is: neither `none` nor HS256 is. */
function algorithmOf({ kty, crv, use, alg }) {
  if (use !== undefined && use !== 'sig') return undefined;
  const found = kty === 'EC' && crv === 'P-256' ? 'ES256' : kty === 'RSA' ? 'RS256' : undefined;
  return alg === undefined || alg === found ? found : undefined;
}

/** kid -> {key, algorithm} out of a JWKS document; ES256 and RS256 keys count, others are left out. */
export function readKeys(text) {
  const keys = new Map();
  for (const jwk of JSON.parse(text).keys ?? []) {
    const algorithm = algorithmOf(jwk);
    if (!algorithm || typeof jwk.kid !== 'string' || !jwk.kid) continue;
    const { kty, crv, x, y, n, e } = jwk;
    const key = createPublicKey({ key: { kty, crv, x, y, n, e }, format: 'jwk' });
    if (algorithm === 'RS256' && key.asymmetricKeyDetails.modulusLength < LEAST_RSA_BITS) continue;
    keys.set(jwk.kid, { key, algorithm });
  }
  if (keys.size === 0) throw new Error('it holds no ES256 or RS256 key with a kid');
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
  function current() {
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
  }
  return { ready: async () => undefined, current, renewed: () => undefined };
}

async function readJson(url) {
  const answer = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const text = await answer.text();
  if (text.length > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`);
  return text;
}

/** https anywhere, plain http on this machine only: who can change the keys can be anybody. */
export function isSafeAddress(text) {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const here = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && here);
}

async function discover(issuer) {
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const described = JSON.parse(await readJson(place));
  if (described.issuer !== issuer) throw new Error(`${place} speaks for another issuer`);
  if (!isSafeAddress(described.jwks_uri)) throw new Error(`${place} names no https jwks_uri`);
  return readJson(described.jwks_uri);
}

/**
 * The keys that an OpenID Connect issuer publishes: asked for every five minutes, and at once (but
 * not more often than `jwksUnknownSeconds`) for a key that is not known. While it cannot be reached, or
 * answers nonsense, the last good keys stay.
 */
export function discoverKeys({ issuer, jwksUnknownSeconds, now = Date.now }) {
  let text;
  let keys;
  let askedAt;
  let asking;

  function ask() {
    askedAt = now();
    asking ??= (async () => {
      try {
        const found = await discover(issuer);
        if (found === text) return;
        keys = readKeys(found);
        if (text !== undefined) say('info', 'Read the changed token keys', { keys: keys.size });
        text = found;
      } finally {
        asking = undefined;
      }
    })();
    return asking;
  }
  const askQuietly = () =>
    ask().catch((error) => {
      const message = 'The issuer gives no keys; still using the last good ones';
      say('error', message, { issuer, ...kind(error.cause ?? error) });
    });

  return {
    async ready() {
      try {
        await ask();
      } catch (error) {
        const reason = error.cause?.code ?? error.message;
        throw new Error(`GATEWAY_ISSUER ${issuer} gives no keys: ${reason}`, { cause: error });
      }
    },
    current() {
      if (now() - askedAt > RENEW_MS) askQuietly();
      return keys;
    },
    /** For a token of an unknown key: a promise when it is worth to look again, else nothing. */
    renewed() {
      if (asking) return asking.catch(() => undefined);
      return now() - askedAt >= jwksUnknownSeconds * 1000 ? askQuietly() : undefined;
    },
  };
}

/** The source that the settings name: `ready()` once, then `current()` and `renewed()`. */
export function issuerKeys(settings) {
  return settings.jwksFile ? watchKeys(settings.jwksFile) : discoverKeys(settings);
}
