// What a body must look like before anybody reads the document in it.
import { GraphQLError } from 'graphql';

function refuse(message) {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

const isMap = (value) => typeof value === 'object' && !Array.isArray(value);

/** The plugin. The runtime itself answers some of these with 200, or not at all. */
export function parameters() {
  return {
    onParams({ params }) {
      const { query, extensions } = params;
      if (extensions != null && !isMap(extensions)) {
        throw refuse('"extensions" must be a map.');
      }
      if (query == null && extensions?.persistedQuery?.sha256Hash == null) {
        throw refuse('Send a document as "query", or its hash as "extensions.persistedQuery.sha256Hash".');
      }
    },
  };
}
