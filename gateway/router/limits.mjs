// How much one document may ask: operations, depth, aliases, directives, tokens, before it is validated.
import { GraphQLError, Kind, parse, visit } from 'graphql';

// The explanation of a contribution down to a rule's inputs takes 8; introspection by GraphiQL 14.
export const MAX_DEPTH = 16;
export const MAX_ALIASES = 30;
export const MAX_TOKENS = 2_000;
export const MAX_DIRECTIVES = 4; // on one field, fragment or operation

function refuse(message) {
  const extensions = { code: 'DOCUMENT_TOO_LARGE' };
  return new GraphQLError(message, { extensions });
}

/** {depth, aliases} of a parsed document; a fragment counts where it is spread. */
export function measure(document) {
  const fragments = new Map();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, { selectionSet: definition.selectionSet });
    }
  }
  const nothing = { depth: 0, aliases: 0 };

  function ofFragment(name) {
    const fragment = fragments.get(name);
    if (!fragment) return nothing; // validation reports it
    if (!fragment.size) {
      fragment.size = nothing; // so that a cycle ends; validation reports it
      fragment.size = of(fragment.selectionSet);
    }
    return fragment.size;
  }

  function ofSelection(selection) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
    const inner = of(selection.selectionSet);
    if (selection.kind === Kind.INLINE_FRAGMENT) return inner;
    return { depth: inner.depth + 1, aliases: inner.aliases + (selection.alias ? 1 : 0) };
  }

  function of(selectionSet) {
    const size = { depth: 0, aliases: 0 };
    for (const selection of selectionSet?.selections ?? []) {
      const { depth, aliases } = ofSelection(selection);
      size.depth = Math.max(size.depth, depth);
      size.aliases += aliases;
    }
    return size;
  }

  const whole = { depth: 0, aliases: 0 };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, aliases } = of(definition.selectionSet);
    whole.depth = Math.max(whole.depth, depth);
    whole.aliases += aliases;
  }
  return whole;
}

function mostDirectives(document) {
  let most = 0;
  const count = ({ directives }) => {
    most = Math.max(most, directives?.length ?? 0);
  };
  visit(document, { enter: count });
  return most;
}

/** Why a parsed document asks too much; nothing when it does not. */
export function faultsOf(document) {
  const faults = [];
  const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  if (operations.length > 1) faults.push('One document holds one operation; send them one by one.');
  const { depth, aliases } = measure(document);
  if (depth > MAX_DEPTH) faults.push(`The document is ${depth} deep; at most ${MAX_DEPTH} is served.`);
  if (aliases > MAX_ALIASES) faults.push(`More than ${MAX_ALIASES} aliases in one document.`);
  if (mostDirectives(document) > MAX_DIRECTIVES) {
    faults.push(`More than ${MAX_DIRECTIVES} directives in one place.`);
  }
  return faults;
}

function parseWithin(source, options) {
  let document;
  try {
    document = parse(source, { ...options, maxTokens: MAX_TOKENS });
  } catch (error) {
    if (/more that \d+ tokens|more than \d+ tokens/.test(error.message)) {
      throw refuse(`More than ${MAX_TOKENS} tokens in one document.`);
    }
    throw error;
  }
  const [fault] = faultsOf(document);
  if (fault) throw refuse(fault);
  return document;
}

/** The plugin. */
export function limits() {
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithin);
    },
  };
}
