// What a role may do in a channel. Issuers say which role somebody has, never what it may do.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROLES = fileURLToPath(new URL('../roles.json', import.meta.url));

/** `scopesOf(role, channel)`: the scopes, or undefined where that role does not work. */
export function readPolicy({ development, path = ROLES }) {
  const roles = new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8'))));
  return {
    scopesOf(role, channel) {
      const found = roles.get(role);
      if (!found?.channels.includes(channel)) return undefined;
      return found.development && !development ? undefined : found.scopes;
    },
  };
}
