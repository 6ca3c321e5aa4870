// Calls a subgraph: deadline, one retry for reads, streams without an end, and an honest error.
import { setTimeout as pause } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import { kind, say } from './log.mjs';
import { mapped } from './streams.mjs';

const RETRY_PAUSE_MS = 50;
const WORTH_RETRYING_MS = 200;
// Codes the HTTP executor gives to its own faults; a subgraph's refusals carry the bank's codes.
const TRANSPORT = new Set(['SUBREQUEST_HTTP_ERROR', 'RESPONSE_VALIDATION_FAILED']);

function isAnswer(result) {
  if (!result?.errors?.length) return true;
  return !result.errors.some((error) => TRANSPORT.has(error.extensions?.code));
}

function unavailable(subgraph, operationType, journey, reason) {
  const advice =
    operationType === 'mutation'
      ? 'It is unknown whether the change was made: send it again with the same idempotencyKey.'
      : 'What it knows is missing from this answer: send the request again.';
  const message = `The ${subgraph} service ${reason}. ${advice} Quote trace ${journey?.traceId}.`;
  return new GraphQLError(message, {
    extensions: { code: 'SUBGRAPH_UNAVAILABLE', subgraph, traceId: journey?.traceId },
  });
}

/** Refusals with a code pass as they are; anything else says no more than its trace. */
function spoken(error, subgraph, journey) {
  const { code, ...extensions } = error.extensions ?? {};
  if (typeof code === 'string') {
    return new GraphQLError(error.message, {
      path: error.path,
      extensions: { ...extensions, code, subgraph },
    });
  }
  return new GraphQLError(`Something went wrong; quote trace ${journey?.traceId}`, {
    path: error.path,
    extensions: { code: 'INTERNAL', subgraph, traceId: journey?.traceId },
  });
}

/** The plugin. `journeyOf(request)` gives the remaining time and the trace of the caller's request. */
export function subgraphs({ upstreamTimeoutMs, journeyOf }) {
  /** One controller and one timer of ours for each call: combined signals keep the collector of garbage busy. */
  async function attempt(executor, request, remainingMs) {
    const given = { late: false };
    const cut = new AbortController();
    const patience = Math.max(1, Math.ceil(Math.min(upstreamTimeoutMs, remainingMs)));
    const fuse = setTimeout(() => {
      given.late = true;
      cut.abort(new DOMException('The call took too long.', 'TimeoutError'));
    }, patience);
    const leave = () => cut.abort(request.signal.reason);
    if (request.signal?.aborted) leave();
    request.signal?.addEventListener('abort', leave, { once: true });
    try {
      given.result = await executor({ ...request, signal: cut.signal });
    } catch (error) {
      given.thrown = error;
      given.result = { errors: [error] };
    } finally {
      clearTimeout(fuse);
      request.signal?.removeEventListener('abort', leave);
    }
    return given;
  }

  async function ask(executor, request, subgraph) {
    const journey = journeyOf(request.context?.request);
    const remaining = () => journey?.remainingMs() ?? upstreamTimeoutMs;
    const mayRetry = request.operationType === 'query';
    let outcome = await attempt(executor, request, remaining());
    const isGood = () => !outcome.thrown && isAnswer(outcome.result);
    const isLate = () => outcome.late;
    if (!isGood() && mayRetry && !isLate() && remaining() > WORTH_RETRYING_MS) {
      await pause(RETRY_PAUSE_MS);
      outcome = await attempt(executor, request, remaining());
    }
    if (isGood()) {
      const { result } = outcome;
      if (!result?.errors?.length) return result;
      return { ...result, errors: result.errors.map((each) => spoken(each, subgraph, journey)) };
    }
    const reason = isLate() ? 'did not answer in time' : 'does not answer';
    const fault = outcome.thrown ?? outcome.result.errors[0];
    say('warn', `A subgraph ${reason}`, {
      subgraph,
      traceId: journey?.traceId,
      ...kind(fault.originalError ?? fault),
    });
    return { errors: [unavailable(subgraph, request.operationType, journey, reason)] };
  }

  /** A stream's beginning has a deadline, the stream none; what is cut off is told as such. */
  async function follow(executor, request, subgraph) {
    const journey = journeyOf(request.context?.request);
    const late = new AbortController();
    const remainingMs = journey?.remainingMs() ?? upstreamTimeoutMs;
    const patience = setTimeout(() => late.abort(), Math.min(upstreamTimeoutMs, remainingMs));
    const signals = [late.signal];
    if (request.signal) signals.push(request.signal);
    const failed = (fault) => {
      const reason = late.signal.aborted ? 'did not answer in time' : 'does not answer';
      const { traceId } = journey ?? {};
      say('warn', `A subgraph ${reason}`, { subgraph, traceId, ...kind(fault.originalError ?? fault) });
      return { errors: [unavailable(subgraph, request.operationType, journey, reason)] };
    };
    const heard = (result) => {
      if (!result.errors?.length) return result;
      const [fault] = result.errors;
      if (!isAnswer(result) || typeof fault.extensions?.code !== 'string') return failed(fault);
      return { ...result, errors: result.errors.map((each) => spoken(each, subgraph, journey)) };
    };
    try {
      const found = await executor({ ...request, signal: AbortSignal.any(signals) });
      return found?.[Symbol.asyncIterator] ? mapped(found, heard) : heard(found);
    } catch (error) {
      return failed(error);
    } finally {
      clearTimeout(patience);
    }
  }

  return {
    onSubgraphExecute({ subgraphName, executor, setExecutor }) {
      setExecutor((request) =>
        request.operationType === 'subscription'
          ? follow(executor, request, subgraphName)
          : ask(executor, request, subgraphName),
      );
    },
  };
}
