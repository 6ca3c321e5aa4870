// The last look at every answer: partial data stays, faults of ours are masked, hints are removed.
import { GraphQLError, Kind, getOperationAST, isNonNullType } from 'graphql';
import { kind, say } from './log.mjs';

const SUGGESTION = / ?Did you mean .+\?$/s;
const QUOTING = /^Variable "\$(\w+)" (?:got|has) invalid value.*$/s;

/** A value that was sent may be a person's: no message quotes it, nor guesses what was meant. */
function unquoted(message) {
  const [, variable] = QUOTING.exec(message) ?? [];
  if (variable) return `Variable "$${variable}" has a value that is none of its type.`;
  return message.replace(SUGGESTION, '');
}

/** With every root subgraph down the executor gives no data at all; the schema says what is null. */
function emptyData({ schema, document, operationName }) {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return undefined;
  const data = {};
  for (const selection of operation.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD) return null;
    const field = root.getFields()[selection.name.value];
    if (!field || isNonNullType(field.type)) return null;
    data[selection.alias?.value ?? selection.name.value] = null;
  }
  return data;
}

function hasUnavailable(errors) {
  return errors?.some((error) => error.extensions?.code === 'SUBGRAPH_UNAVAILABLE');
}

function isOurFault(error) {
  for (let cause = error; cause; cause = cause.originalError) {
    if (!(cause instanceof GraphQLError)) return true;
  }
  return false;
}

function told(error, journey) {
  const code = error.extensions?.code;
  if (typeof code === 'string' && code !== 'DOWNSTREAM_SERVICE_ERROR') {
    // `originalError` quotes the body that could not be read as JSON.
    const { request, response, originalError, ...extensions } = error.extensions;
    if (originalError !== undefined) extensions.http = { status: 400 };
    if (request === undefined && response === undefined) {
      return withMessage(error, unquoted(error.message), extensions);
    }
    return withMessage(error, error.message, extensions);
  }
  if (!isOurFault(error)) {
    const extensions = { ...error.extensions, code: 'BAD_REQUEST' };
    return withMessage(error, unquoted(error.message), extensions);
  }
  const traceId = journey?.traceId;
  say('error', 'A request failed inside the gateway', {
    traceId,
    ...kind(error.originalError ?? error),
  });
  return new GraphQLError(`Something went wrong; quote trace ${traceId}`, {
    path: error.path,
    extensions: { code: 'INTERNAL', traceId, http: { status: 500 } },
  });
}

function withMessage(error, message, extensions) {
  const { nodes, source, positions, path } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** The plugin. One validation error is enough for a client and tells a stranger less. */
export function answers({ journeyOf }) {
  return {
    onExecute({ args }) {
      return {
        onExecuteDone({ result, setResult }) {
          if (result?.data === undefined && hasUnavailable(result?.errors)) {
            const data = emptyData(args);
            if (data !== undefined) setResult({ ...result, data });
          }
        },
      };
    },
    onSubscribe({ args }) {
      const journey = journeyOf(args.contextValue?.request);
      const onNext = ({ result, setResult }) => {
        if (result.errors?.length) {
          setResult({ ...result, errors: result.errors.map((each) => told(each, journey)) });
        }
      };
      return { onSubscribeResult: () => ({ onNext }) };
    },
    onResultProcess({ request, result, setResult }) {
      if (!result?.errors?.length) return;
      const journey = journeyOf(request);
      const before = result.data === undefined ? result.errors.slice(0, 1) : result.errors;
      const errors = before.map((error) => told(error, journey));
      for (const { extensions } of errors) journey?.failed.add(extensions.code);
      setResult({ ...result, errors });
    },
  };
}
