// How often a caller may ask: a bucket of tokens for each caller and class, in this process's memory.
import { readFileSync } from 'node:fs';
import { GraphQLError } from 'graphql';
import { weigher } from './weights.mjs';

const REMEMBERED = 50_000;

/** The committed limits, or those of an installation. */
export function readLimits(path) {
  try {
    const limits = JSON.parse(readFileSync(path, 'utf8'));
    for (const name of ['read', 'report', 'write', 'lookup']) {
      const { burst, perMinute } = limits.classes[name];
      if (!(burst >= 1 && perMinute > 0)) throw new TypeError(`the class ${name} lets nothing through`);
    }
    if (!(limits.lists.most >= 1 && limits.lists.items >= 1)) throw new TypeError('no list has an item');
    weigher(limits);
    return limits;
  } catch (error) {
    throw new Error(`GATEWAY_LIMITS ${path} cannot be used: ${error.message}`, { cause: error });
  }
}

/**
 * `take(caller, weights)` gives nothing, or how many seconds to wait; what is refused costs nothing.
 * Callers who have rested until their buckets are full need not be remembered.
 */
export function buckets(classes, { replicas = 1, now = Date.now, most = REMEMBERED } = {}) {
  const rates = new Map(
    Object.entries(classes).map(([name, { burst, perMinute }]) => [
      name,
      { burst: Math.max(burst / replicas, 1), perMs: perMinute / replicas / 60_000 },
    ]),
  );
  const held = new Map();

  function forget() {
    const at = now();
    for (const [key, bucket] of held) {
      if (bucket.level + (at - bucket.at) * bucket.rate.perMs >= bucket.rate.burst) held.delete(key);
    }
    for (const key of held.keys()) {
      if (held.size < most) break;
      held.delete(key); // the one that was begun first
    }
  }

  return {
    burstOf: (name) => Math.floor(rates.get(name).burst),
    take(caller, weights) {
      const at = now();
      const wanted = Object.entries(weights).map(([name, weight]) => {
        const rate = rates.get(name);
        const key = `${caller.institution}\n${caller.sub}\n${name}`;
        const bucket = held.get(key);
        const level = bucket
          ? Math.min(rate.burst, bucket.level + (at - bucket.at) * rate.perMs)
          : rate.burst;
        return { key, rate, level, weight };
      });
      const waits = wanted.map(({ rate, level, weight }) => (weight - level) / rate.perMs);
      const longest = Math.max(0, ...waits);
      if (longest > 0) return Math.ceil(longest / 1000);
      for (const { key, rate, level, weight } of wanted) {
        if (!held.has(key) && held.size >= most) forget();
        held.set(key, { level: level - weight, at, rate });
      }
      return undefined;
    },
    size: () => held.size,
  };
}

function tooOften(seconds) {
  const message = `Too many requests of this kind; send the next one in ${seconds} s.`;
  const http = { status: 429, headers: { 'Retry-After': String(seconds) } };
  return new GraphQLError(message, { extensions: { code: 'RATE_LIMITED', http } });
}

function tooMuch(name, burst) {
  const message = `At most ${burst} fields of the kind '${name}' are served at once.`;
  return new GraphQLError(message, { extensions: { code: 'DOCUMENT_TOO_LARGE', http: { status: 400 } } });
}

/** The plugin. A developer, who exists in development only, may ask as often as they like. */
export function rates({ limits: path, replicas, callerOf }) {
  const limits = readLimits(path);
  const weigh = weigher(limits);
  const held = buckets(limits.classes, { replicas });

  function judge(args) {
    try {
      const caller = callerOf(args.contextValue?.request);
      const weights = weigh(args);
      if (!caller || caller.role === 'developer') return undefined;
      for (const [name, weight] of Object.entries(weights)) {
        const burst = held.burstOf(name);
        if (weight > burst) return tooMuch(name, burst);
      }
      const seconds = held.take(caller, weights);
      return seconds === undefined ? undefined : tooOften(seconds);
    } catch (error) {
      if (error instanceof GraphQLError) return error;
      throw error;
    }
  }
  function before({ args, setResultAndStopExecution }) {
    const refusal = judge(args);
    if (refusal) setResultAndStopExecution({ errors: [refusal] });
  }
  return { onExecute: before, onSubscribe: before };
}
