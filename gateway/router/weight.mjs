// How much a document weighs once its fragments are written out: a short text can mean millions of fields.
import { GraphQLError, Kind } from 'graphql';

export const MAX_FIELDS = 1_000;

function refuse(message) {
  return new GraphQLError(message, { extensions: { code: 'DOCUMENT_TOO_LARGE' } });
}

/** The fields of a parsed document; a fragment counts again wherever it is spread. */
export function weightOf(document) {
  const fragments = new Map();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const weights = new Map();

  function ofFragment(name) {
    if (!weights.has(name)) {
      weights.set(name, 0); // so that a cycle ends; validation reports it
      weights.set(name, of(fragments.get(name)?.selectionSet));
    }
    return weights.get(name);
  }

  function of(selectionSet) {
    let weight = 0;
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) weight += ofFragment(selection.name.value);
      else weight += of(selection.selectionSet) + (selection.kind === Kind.FIELD ? 1 : 0);
    }
    return weight;
  }

  return document.definitions
    .filter((each) => each.kind === Kind.OPERATION_DEFINITION)
    .reduce((sum, operation) => sum + of(operation.selectionSet), 0);
}

/** The plugin; validation takes minutes over what it refuses, so it looks before that. */
export function weight() {
  return {
    onParse() {
      return ({ result, replaceParseResult }) => {
        if (result instanceof RangeError) {
          replaceParseResult(refuse('The document is nested too deep to be read.'));
        } else if (!(result instanceof Error) && weightOf(result) > MAX_FIELDS) {
          replaceParseResult(refuse(`More than ${MAX_FIELDS} fields, each fragment counted where it is spread.`));
        }
      };
    },
  };
}
