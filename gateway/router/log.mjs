// The only way a line leaves this process: JSON on stderr, with nothing a caller sent in it.
import { Logger } from '@graphql-hive/logger';

/** Writes one line. Pass codes, names, counts and times only, never a value out of a request. */
export function say(level, message, details = {}) {
  const line = { time: new Date().toISOString(), level, service: 'gateway', message, ...details };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** What may be told of an error: its kind and where it arose. Messages quote requests, so they stay. */
export function kind(error) {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 3)
    .map((line) => line.trim().replace(/file:\/\/\S*\/(?=[^/]+\/[^/]+$)/, ''));
  const code = typeof error.code === 'string' ? error.code : error.extensions?.code;
  return { error: error.name, ...(code ? { code } : {}), frames };
}

function findError(attributes) {
  const values = attributes instanceof Error ? [attributes] : Object.values(attributes ?? {});
  return values.find((value) => value instanceof Error);
}

/**
 * The router's own logger. Its lines carry subrequest bodies, variables and claims, so only the
 * kind of the error is passed on; `say` tells what an operator has to know.
 */
export const routerLog = new Logger({
  level: 'warn',
  writers: [
    {
      write(level, attributes) {
        const error = findError(attributes);
        say(level, 'The router reported a fault', error ? kind(error) : {});
      },
    },
  ],
});
