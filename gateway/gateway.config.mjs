// Sheaf's router: which parts it is made of, and in which order a request meets them.
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import httpTransport from '@graphql-mesh/transport-http';
import { answers } from './router/answers.mjs';
import { body } from './router/body.mjs';
import { documents } from './router/documents.mjs';
import { door } from './router/door.mjs';
import { identity } from './router/identity.mjs';
import { createJourneys } from './router/journeys.mjs';
import { limits } from './router/limits.mjs';
import { routerLog } from './router/log.mjs';
import { parameters } from './router/parameters.mjs';
import { principals } from './router/principals.mjs';
import { rates } from './router/rates.mjs';
import { createStreams } from './router/streams.mjs';
import { subgraphs } from './router/subgraphs.mjs';
import { lastGoodSupergraph } from './router/supergraph.mjs';
import { weight } from './router/weight.mjs';

/**
 * The runtime's configuration, the journeys it records and the streams it holds (both closed by
 * whoever starts it), and `ready`, to be awaited before it serves.
 */
export function configure(settings) {
  const journeys = createJourneys(settings);
  const known = identity(settings);
  const streams = createStreams(known);
  const { development, upstreamTimeoutMs } = settings;
  const config = {
    supergraph: lastGoodSupergraph({ path: settings.supergraph, urls: settings.subgraphUrls }),
    pollingInterval: 2_000,
    unifiedGraphHandler,
    transports: { http: httpTransport },
    // Shared upstream calls are keyed without the headers a plugin sets: users could be crossed.
    // Services are asked by POST alone, for a stream too: nothing of a caller in an address.
    transportEntries: { '*': { options: { deduplicateInflightRequests: false, method: 'POST' } } },
    logging: routerLog,
    maskedErrors: false, // `answers` decides, it knows the trace
    graphqlEndpoint: '/graphql',
    healthCheckEndpoint: '/health',
    readinessCheckEndpoint: '/readiness',
    graphiql: false, // `door` serves it in development
    landingPage: false,
    cors: false,
    requestId: false, // the trace id names a request
    subgraphErrors: false, // `subgraphs` names the service
    disableIntrospection: development ? undefined : { disableIf: () => true },
    csrfPrevention: { requestHeaders: ['authorization'] },
    plugins: () => [
      journeys.plugin,
      door({ development }),
      known.plugin,
      body(),
      parameters(),
      documents({ ...settings, callerOf: known.callerOf }),
      limits(),
      weight(),
      rates({ ...settings, callerOf: known.callerOf }),
      principals({ ...settings, callerOf: known.callerOf }),
      subgraphs({ upstreamTimeoutMs, journeyOf: journeys.of }),
      answers({ journeyOf: journeys.of }),
      streams.plugin,
    ],
  };
  return { config, journeys, streams, ready: known.ready };
}
