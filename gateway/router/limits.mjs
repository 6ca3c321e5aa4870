// How much one document may ask: depth, aliases and tokens, checked once per document.
import { GraphQLError, Kind, parse } from 'graphql';

// The explanation of a contribution down to a rule's inputs is 14 deep; the ladder and lists are flat.
export const MAX_DEPTH = 16;
export const MAX_ALIASES = 30;
export const MAX_TOKENS = 2_000;

function refuse(message) {
  const extensions = { code: 'DOCUMENT_TOO_LARGE', http: { status: 400 } };
  return new GraphQLError(message, { extensions });
}

/** A validation rule: fields nested deeper than MAX_DEPTH or too many aliases are refused. */
export function measure(context) {
  let aliases = 0;
  const depths = new Map();

  function fragmentDepth(name) {
    if (depths.has(name)) return depths.get(name);
    depths.set(name, 0); // a cycle is another rule's to report
    const fragment = context.getFragment(name);
    const depth = fragment ? depthOf(fragment.selectionSet) : 0;
    depths.set(name, depth);
    return depth;
  }

  function depthOf(selectionSet) {
    let deepest = 0;
    for (const selection of selectionSet?.selections ?? []) {
      let depth;
      if (selection.kind === Kind.FRAGMENT_SPREAD) depth = fragmentDepth(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) depth = depthOf(selection.selectionSet);
      else depth = selection.name.value === '__schema' ? 1 : 1 + depthOf(selection.selectionSet);
      deepest = Math.max(deepest, depth);
    }
    return deepest;
  }

  return {
    Field(node) {
      if (node.alias) aliases += 1;
      if (aliases === MAX_ALIASES + 1) {
        context.reportError(refuse(`More than ${MAX_ALIASES} aliases in one document.`));
      }
    },
    OperationDefinition(node) {
      const depth = depthOf(node.selectionSet);
      if (depth > MAX_DEPTH) {
        context.reportError(refuse(`The document is ${depth} deep; at most ${MAX_DEPTH} is served.`));
      }
    },
  };
}

/** The plugin. */
export function limits() {
  const limited = (source, options) => {
    try {
      return parse(source, { ...options, maxTokens: MAX_TOKENS });
    } catch (error) {
      if (/more that \d+ tokens|more than \d+ tokens/i.test(error.message)) {
        throw refuse(`More than ${MAX_TOKENS} tokens in one document.`);
      }
      throw error;
    }
  };
  return {
    onParse({ setParseFn }) {
      setParseFn(limited);
    },
    onValidate({ addValidationRule }) {
      addValidationRule(measure);
    },
  };
}
