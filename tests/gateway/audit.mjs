// Runs the GraphQL-over-HTTP audits against one address: {url, tokens} on stdin, a JSON list on stdout.
// Every request takes the next token, because a service accepts each one once.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { url, tokens, project } = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(pathToFileURL(`${project}/package.json`));
const { auditServer } = require('graphql-http');

function fetchFn(address, options = {}) {
  const token = tokens.pop();
  if (token === undefined) throw new Error('more requests than tokens');
  return fetch(address, {
    ...options,
    headers: { ...options.headers, authorization: `Bearer ${token}` },
  });
}

const results = await auditServer({ url, fetchFn });
const told = results.map(({ id, name, status, reason = null }) => ({ id, name, status, reason }));
process.stdout.write(JSON.stringify(told));
