// Who a verified token speaks for: which claim says what is configuration, what it means is policy.
import { GraphQLError } from 'graphql';

/** What is read out of a token, and from which claim unless `GATEWAY_CLAIMS` says another. */
export const CLAIMS = Object.freeze({
  subject: 'sub',
  institution: 'institution',
  role: 'role',
  channel: 'channel',
  branch_codes: 'branch_codes',
  staff_number: 'staff_number',
  customer_number: 'customer_number',
  verified_caller: 'verified_caller',
});

/** What the reach of a role is measured by: without it, such a caller reaches nobody. */
const MEASURES = Object.freeze({
  branches: 'branch_codes',
  book: 'staff_number',
  self: 'customer_number',
});

function forbid(message) {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } });
}

const isText = (value) => typeof value === 'string' && value !== '';
const own = (value, name) =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? value[name] : undefined;

/** A claim by its name, or by a path with dots into what issuers nest (`realm_access.roles`). */
function claim(claims, name) {
  return own(claims, name) ?? name.split('.').reduce(own, claims);
}

/** One role; of several in a list the one that works here, and nobody who has two of those. */
function oneRole(value, works) {
  const named = (Array.isArray(value) ? value : [value]).filter(isText);
  const known = named.filter(works);
  if (known.length > 1) {
    throw forbid(`The token names several roles that work here (${known.join(', ')}); it must name one.`);
  }
  return known[0] ?? named[0];
}

/** Makes `callerIn(claims)`: what principals will say of the caller, scopes included. */
export function callerReader({ claims: names, channels, policy }) {
  return function callerIn(claims) {
    const said = (name) => claim(claims, names[name]);
    const sub = said('subject');
    const institution = said('institution');
    const seat = said('channel');
    const channel = channels && isText(seat) ? own(channels, seat) : seat;
    if (channels && isText(seat) && !channel) throw forbid(`'${seat}' is no channel's client here.`);
    const works = (role) => policy.roleIn(role, channel) !== undefined;
    const role = oneRole(said('role'), works);
    if (![sub, role, channel, institution].every(isText)) {
      throw forbid('The token does not say who is asking: subject, role, channel and institution.');
    }
    if (!works(role)) throw forbid(`The role '${role}' does not work in the channel '${channel}' here.`);
    const { reach, scopes } = policy.roleIn(role, channel);
    const caller = { sub, role, channel, institution, reach, scopes };
    const branches = said('branch_codes');
    if (isText(branches)) caller.branch_codes = [branches];
    else if (Array.isArray(branches) && branches.every(isText)) caller.branch_codes = branches;
    for (const name of ['staff_number', 'customer_number', 'verified_caller']) {
      if (isText(said(name))) caller[name] = said(name);
    }
    const measure = MEASURES[reach];
    if (measure && !caller[measure]?.length) {
      throw forbid(`The token does not say the ${measure} of its caller; the role '${role}' needs it.`);
    }
    return Object.freeze(caller);
  };
}
