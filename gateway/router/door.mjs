// The HTTP door: what is served where, how large a request may be, and GraphiQL in development.
const MAX_BODY_BYTES = 1024 * 1024;

const WELCOME = `# Put your token into the Headers tab below:
#   {"authorization": "Bearer <token>"}
# Then read the schema again (the round arrows, bottom left).
query Customers {
  customers(first: 5) {
    edges { node { number name tier { name } } }
  }
}
`;

function problem(fetchAPI, status, code, message, headers = {}) {
  return fetchAPI.Response.json(
    { errors: [{ message, extensions: { code } }] },
    { status, headers },
  );
}

async function graphiql(fetchAPI) {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const page = renderGraphiQL({
    title: 'Sheaf',
    endpoint: '/graphql',
    defaultQuery: WELCOME,
    headers: '{\n  "authorization": "Bearer "\n}',
    shouldPersistHeaders: false,
  });
  return new fetchAPI.Response(page, {
    headers: { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': 'no-referrer' },
  });
}

/** The plugin. GraphQL is POST only: an address with variables in it ends up in other people's logs. */
export function door({ development }) {
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      if (url.pathname === '/' && request.method === 'GET' && development) {
        endResponse(await graphiql(fetchAPI));
        return;
      }
      if (url.pathname !== '/graphql') return;
      if (request.method !== 'POST') {
        const message = 'Send GraphQL as POST with Content-Type: application/json.';
        endResponse(problem(fetchAPI, 405, 'METHOD_NOT_ALLOWED', message, { Allow: 'POST' }));
        return;
      }
      const length = request.headers.get('content-length');
      if (length === null) {
        const message = 'Send a Content-Length.';
        endResponse(problem(fetchAPI, 411, 'LENGTH_REQUIRED', message, { Connection: 'close' }));
      } else if (Number(length) > MAX_BODY_BYTES) {
        const message = `A request may have ${MAX_BODY_BYTES} bytes at most.`;
        endResponse(problem(fetchAPI, 413, 'REQUEST_TOO_LARGE', message, { Connection: 'close' }));
      }
    },
  };
}
