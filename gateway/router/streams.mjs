// Streams to clients: each ends when its caller's token does, when it fails, and when the gateway stops.
import { GraphQLError } from 'graphql';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

const STREAM = 'text/event-stream';

function refuse(status, code, message) {
  return new GraphQLError(message, { extensions: { code, http: { status } } });
}

/** `source` with each value changed; letting go of it is passed on even while it is being read. */
export function mapped(source, change) {
  const iterator = source[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const { done, value } = await iterator.next();
      return done ? { done, value } : { done, value: change(value) };
    },
    async return(value) {
      await iterator.return?.(value);
      return { done: true, value };
    },
  };
}

/** `source` until it ends, gives an error, or `ended` is settled; the source is then let go of. */
async function* until(source, ended) {
  const iterator = source[Symbol.asyncIterator]();
  const over = ended.then(() => ({ done: true }));
  try {
    for (;;) {
      const { done, value } = await Promise.race([over, iterator.next()]);
      if (done) return;
      yield value;
      if (value.errors?.length) return; // the router would repeat it with all that follows
    }
  } finally {
    // Not waited for: a source that is being read ends its reading first.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/**
 * `plugin` ends streams when the token that `expiryOf(request)` tells of ends; `end()` ends them
 * all, with `event: complete`, so that clients begin anew elsewhere.
 */
export function createStreams({ expiryOf, now = Date.now }) {
  const open = new Set();
  let isEnding = false;

  function bounded(source, request) {
    let end;
    const ended = new Promise((resolve) => {
      end = resolve;
    });
    if (isEnding) end();
    const timer = setTimeout(end, Math.min(expiryOf(request) - now(), LONGEST_TIMER_MS));
    open.add(end);
    const stream = until(source, ended);
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const step = await stream.next();
          if (step.done) close();
          return step;
        },
        return: async () => {
          close();
          end();
          return stream.return();
        },
      }),
    };

    function close() {
      clearTimeout(timer);
      open.delete(end);
    }
  }

  return {
    plugin: {
      onSubscribe({ args, setResultAndStopExecution }) {
        const { request } = args.contextValue;
        let refusal;
        if (!request.headers.get('accept')?.includes(STREAM)) {
          // Begun first and refused then, it would go on with nobody to end it.
          refusal = refuse(406, 'NOT_ACCEPTABLE', `A subscription is answered as a stream: send 'Accept: ${STREAM}'.`);
        } else if (!(expiryOf(request) > now())) {
          refusal = refuse(401, 'UNAUTHENTICATED', 'The token has expired. Get a new token and send the request again.');
        }
        if (refusal) {
          setResultAndStopExecution({ errors: [refusal] });
          return undefined;
        }
        return {
          onSubscribeResult({ result, setResult }) {
            if (result?.[Symbol.asyncIterator]) setResult(bounded(result, request));
          },
        };
      },
    },
    end() {
      isEnding = true;
      for (const end of open) end();
    },
    size: () => open.size,
  };
}
