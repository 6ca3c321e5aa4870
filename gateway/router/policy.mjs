// What a role may do in a channel. Issuers say which role somebody has, never what it may do.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROLES = fileURLToPath(new URL('../gateway/roles.json', import.meta.url));

/** `roleIn(role, channel)`: its scopes and its reach, or undefined where that role does not work. */
export function readPolicy({ development, path = ROLES }) {
  const roles = new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8'))));
  return {
    roleIn(role, channel) {
      const found = roles.get(role);
      if (!found?.channels.includes(channel)) return undefined;
      return found.development && !development ? undefined : found;
    },
  };
}
