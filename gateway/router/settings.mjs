// What the environment says about this process, checked once at start.
import { fileURLToPath } from 'node:url';
import { CLAIMS } from './claims.mjs';
import { isSafeAddress } from './keys.mjs';

export class SettingError extends Error {}

const COMMITTED_SUPERGRAPH = fileURLToPath(new URL('../supergraph.graphql', import.meta.url));
const COMMITTED_LIMITS = fileURLToPath(new URL('../limits.json', import.meta.url));
const COMMITTED_DOCUMENTS = fileURLToPath(new URL('../documents.json', import.meta.url));
const SUBGRAPH_URL = /^GATEWAY_([A-Z][A-Z0-9]*)_URL$/;

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The development issuer is a file that whoever has the disk can write: never outside development. */
function issuerFaults({ jwksFile, issuer, development }) {
  if (jwksFile) {
    if (development) return [];
    return [
      "GATEWAY_JWKS_FILE is the development issuer's: leave it out and name an OpenID Connect issuer " +
        'in GATEWAY_ISSUER, or set GATEWAY_DEVELOPMENT=1',
    ];
  }
  if (!issuer) return [];
  if (!isSafeAddress(issuer)) return [`GATEWAY_ISSUER must be an https address, not '${issuer}'`];
  if (new URL(issuer).hostname.endsWith('.invalid')) {
    return [`GATEWAY_ISSUER '${issuer}' is the development issuer's name and no address`];
  }
  return [];
}

/** Reads GATEWAY_* and OTEL_EXPORTER_OTLP_ENDPOINT; throws SettingError with every fault at once. */
export function readSettings(environment = process.env) {
  const faults = [];
  const given = (name) => environment[name]?.trim() || undefined;

  const required = (name, meaning) => {
    const value = given(name);
    if (value === undefined) faults.push(`${name} is not set (${meaning})`);
    return value;
  };
  const whole = (name, fallback, least, most) => {
    const text = given(name);
    if (text === undefined) return fallback;
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    const hint = text.startsWith('tcp://')
      ? ' (Kubernetes service links overwrite it: set enableServiceLinks: false)'
      : '';
    faults.push(`${name} must be a whole number from ${least} to ${most}, not '${text}'${hint}`);
    return fallback;
  };

  const texts = (name, allowed) => {
    const text = given(name);
    if (text === undefined) return undefined;
    const found = parsed(text);
    const isMap = found !== null && typeof found === 'object' && !Array.isArray(found);
    if (!isMap || !Object.values(found).every((value) => typeof value === 'string' && value)) {
      faults.push(`${name} must be a JSON object of texts`);
      return undefined;
    }
    for (const key of Object.keys(found)) {
      if (allowed && !allowed.includes(key)) {
        faults.push(`${name} knows no '${key}'; it takes ${allowed.join(', ')}`);
      }
    }
    return Object.freeze(found);
  };

  const subgraphUrls = {};
  for (const [variable, text] of Object.entries(environment)) {
    const name = SUBGRAPH_URL.exec(variable)?.[1];
    if (name === undefined || !text?.trim()) continue;
    if (/^https?:\/\//.test(text.trim()) && URL.canParse(text.trim())) {
      subgraphUrls[name.toLowerCase()] = text.trim();
    } else {
      faults.push(`${variable} must be an http or https address, not '${text}'`);
    }
  }

  const settings = Object.freeze({
    host: given('GATEWAY_HOST') ?? '127.0.0.1',
    port: whole('GATEWAY_PORT', 4000, 0, 65535),
    supergraph: given('GATEWAY_SUPERGRAPH') ?? COMMITTED_SUPERGRAPH,
    documents: given('GATEWAY_DOCUMENTS') ?? COMMITTED_DOCUMENTS,
    limits: given('GATEWAY_LIMITS') ?? COMMITTED_LIMITS,
    replicas: whole('GATEWAY_REPLICAS', 1, 1, 1_000),
    requestTimeoutMs: whole('GATEWAY_REQUEST_TIMEOUT_MS', 15_000, 10, 600_000),
    subgraphUrls: Object.freeze(subgraphUrls),
    jwksFile: given('GATEWAY_JWKS_FILE'),
    principalKeyFile: required(
      'GATEWAY_PRINCIPAL_KEY_FILE',
      'path of the PEM file with the private P-256 key that principals are signed with',
    ),
    issuer: required('GATEWAY_ISSUER', 'the address of the OpenID Connect issuer, the iss of its tokens'),
    jwksUnknownSeconds: whole('GATEWAY_JWKS_UNKNOWN_SECONDS', 10, 0, 3_600),
    claims: Object.freeze({ ...CLAIMS, ...texts('GATEWAY_CLAIMS', Object.keys(CLAIMS)) }),
    channels: texts('GATEWAY_CHANNELS'),
    audience: given('GATEWAY_AUDIENCE') ?? 'sheaf',
    development: given('GATEWAY_DEVELOPMENT') === '1',
    upstreamTimeoutMs: whole('GATEWAY_UPSTREAM_TIMEOUT_MS', 10_000, 10, 600_000),
    deadlineMs: whole('GATEWAY_DEADLINE_MS', 15_000, 10, 600_000),
    drainMs: whole('GATEWAY_DRAIN_MS', 500, 0, 600_000),
    stopTimeoutMs: whole('GATEWAY_STOP_TIMEOUT_MS', 10_000, 0, 600_000),
    traceEndpoint: given('OTEL_EXPORTER_OTLP_ENDPOINT'),
  });
  faults.push(...issuerFaults(settings));
  if (faults.length > 0) throw new SettingError(faults.join('\n'));
  return settings;
}
