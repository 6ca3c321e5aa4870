// What the gateway says of a caller: to one service, for half a minute, for one request.
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const LIFETIME_SECONDS = 30; // services refuse more than 60
const ISSUER = 'sheaf-gateway';

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The private key of a PEM file and its name, the thumbprint of its public half (RFC 7638). */
export function readSigningKey(path) {
  let key;
  try {
    key = createPrivateKey(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`GATEWAY_PRINCIPAL_KEY_FILE ${path} cannot be used: ${error.code ?? 'no key'}`, {
      cause: error,
    });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`GATEWAY_PRINCIPAL_KEY_FILE ${path} cannot be used: it is no P-256 key`, {
      cause: key.asymmetricKeyType,
    });
  }
  const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { key, kid };
}

/** `mint(caller, subgraph)` signs a principal that no other call and no other service can use. */
export function minter({ key, kid, now = Date.now }) {
  const head = encoded({ alg: 'ES256', typ: 'JWT', kid });
  return function mint(caller, subgraph) {
    const iat = Math.floor(now() / 1000);
    const body = encoded({
      ...caller,
      iss: ISSUER,
      aud: `sheaf-${subgraph}`,
      iat,
      exp: iat + LIFETIME_SECONDS,
      jti: randomUUID(),
    });
    const signed = `${head}.${body}`;
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  };
}

/** The plugin. A call to a service carries a principal and nothing that the client sent. */
export function principals({ principalKeyFile, callerOf }) {
  const mint = minter(readSigningKey(principalKeyFile));
  return {
    onFetch({ context, executionRequest, fetchFn, setFetchFn }) {
      const subgraph = executionRequest?.subgraphName;
      const caller = callerOf(executionRequest?.context?.request ?? context?.request);
      if (!subgraph || !caller) return;
      setFetchFn((url, options, ...rest) => {
        const headers = { ...options.headers, authorization: `Bearer ${mint(caller, subgraph)}` };
        return fetchFn(url, { ...options, headers }, ...rest);
      });
    },
  };
}
