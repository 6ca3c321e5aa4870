// Follows one request through the gateway: its deadline, its trace, and the spans it leaves.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-base';
import { getOperationAST } from 'graphql';

const propagator = new W3CTraceContextPropagator();
const ids = new RandomIdGenerator();
const headerGetter = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: (headers) => [...headers.keys()],
};
const recordSetter = { set: (record, name, value) => (record[name] = value) };

/** Spans carry these and nothing else: no document, variable, argument, address or header. */
function provideSpans() {
  return new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'gateway' }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
}

/** Without an exporter no span of ours may become a parent: the caller's context goes on as it is. */
function passedOn(inbound) {
  if (trace.getSpanContext(inbound)) return inbound;
  return trace.setSpanContext(inbound, {
    traceId: ids.generateTraceId(),
    spanId: ids.generateSpanId(),
    traceFlags: TraceFlags.NONE,
  });
}

/** One per process. `of(request)` gives {traceId, remainingMs()} for a GraphQL request. */
export function createJourneys({ traceEndpoint, deadlineMs, now = () => performance.now() }) {
  const provider = traceEndpoint ? provideSpans() : undefined;
  const tracer = provider?.getTracer('sheaf.gateway');
  const journeys = new WeakMap();

  function begin(request) {
    const inbound = propagator.extract(ROOT_CONTEXT, request.headers, headerGetter);
    const span = tracer?.startSpan('POST /graphql', { kind: SpanKind.SERVER }, inbound);
    const context = span ? trace.setSpan(inbound, span) : passedOn(inbound);
    const deadline = now() + deadlineMs;
    const { traceId, spanId } = trace.getSpanContext(context);
    journeys.set(request, {
      context,
      span,
      traceId,
      spanId,
      failed: new Set(),
      remainingMs: () => deadline - now(),
    });
  }

  function tracedFetch(fetchFn, journey, subgraph) {
    return async function traced(url, options, ...rest) {
      const name = `POST ${subgraph}`;
      const span = tracer?.startSpan(
        name,
        { kind: SpanKind.CLIENT, attributes: { 'sheaf.subgraph': subgraph } },
        journey.context,
      );
      const context = span ? trace.setSpan(journey.context, span) : journey.context;
      const headers = { ...options.headers };
      propagator.inject(context, headers, recordSetter);
      try {
        const response = await fetchFn(url, { ...options, headers }, ...rest);
        span?.setAttribute('http.response.status_code', response.status);
        if (response.status >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
        return response;
      } catch (error) {
        span?.setAttribute('error.type', error.code ?? error.name ?? 'Error');
        span?.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span?.end();
      }
    };
  }

  function named({ args }) {
    const { span } = journeys.get(args.contextValue?.request) ?? {};
    const operation = span && getOperationAST(args.document, args.operationName);
    if (!operation) return;
    const name = (operation.name?.value ?? 'unnamed').slice(0, 64);
    span.updateName(`${operation.operation} ${name}`);
    span.setAttribute('graphql.operation.type', operation.operation);
    span.setAttribute('graphql.operation.name', name);
  }

  const plugin = {
    onRequest({ request, url }) {
      if (url.pathname === '/graphql') begin(request);
    },
    onExecute: named,
    onSubscribe: named,
    onFetch({ context, executionRequest, fetchFn, setFetchFn }) {
      const journey = journeys.get(executionRequest?.context?.request ?? context?.request);
      if (journey) {
        setFetchFn(tracedFetch(fetchFn, journey, executionRequest?.subgraphName ?? 'unknown'));
      }
    },
    onResponse({ request, response }) {
      const journey = journeys.get(request);
      if (!journey) return;
      response.headers.set('traceresponse', `00-${journey.traceId}-${journey.spanId}-01`);
      if (!journey.span) return;
      journey.span.setAttribute('http.response.status_code', response.status);
      if (journey.failed.size > 0) {
        journey.span.setAttribute('sheaf.error_codes', [...journey.failed].sort());
      }
      if (response.status >= 500) journey.span.setStatus({ code: SpanStatusCode.ERROR });
      journey.span.end();
    },
  };

  return {
    plugin,
    of: (request) => journeys.get(request),
    /** Sends what is left; gives up after two seconds so that a dead collector cannot hold a stop. */
    async close() {
      const late = new Promise((resolve) => setTimeout(resolve, 2_000).unref());
      await Promise.race([provider?.shutdown().catch(() => undefined), late]);
    },
  };
}
