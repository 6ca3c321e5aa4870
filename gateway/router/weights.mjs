// What one request weighs: how many items of lists it asks for, and of which classes its parts are.
import {
  GraphQLError, Kind, TypeInfo, getArgumentValues, getNamedType, getOperationAST, getVariableValues,
  visit, visitWithTypeInfo,
} from 'graphql'; // prettier-ignore

const COUNTED = 'first';

function refuse(message) {
  return new GraphQLError(message, { extensions: { code: 'DOCUMENT_TOO_LARGE', http: { status: 400 } } });
}

/** The fields of the operation's root with their definitions, fragments followed. */
function rootFields(schema, fragments, operation) {
  const root = schema.getRootType(operation.operation);
  const found = new Map(); // what has one name in the answer is asked for once
  const seen = new Set();
  function gather({ selections }) {
    for (const each of selections) {
      if (each.kind === Kind.FIELD) {
        const definition = root.getFields()[each.name.value];
        const key = each.alias?.value ?? each.name.value;
        const name = `${root.name}.${each.name.value}`;
        if (definition) found.set(key, { node: each, definition, name });
      } else if (each.kind === Kind.INLINE_FRAGMENT) {
        gather(each.selectionSet);
      } else if (!seen.has(each.name.value)) {
        seen.add(each.name.value);
        gather(fragments.get(each.name.value).selectionSet);
      }
    }
  }
  gather(operation.selectionSet);
  return [...found.values()];
}

/** Field node -> {definition, name} of every list with a `first`. */
function pagedFields(schema, document) {
  const found = new Map();
  const types = new TypeInfo(schema);
  const enter = (node) => {
    const definition = types.getFieldDef();
    if (!definition?.args.some((each) => each.name === COUNTED)) return;
    const parent = getNamedType(types.getParentType());
    found.set(node, { definition, name: `${parent.name}.${definition.name}` });
  };
  visit(document, visitWithTypeInfo(types, { Field: { enter } }));
  return found;
}

/** A path such as `search.idNumber` into a field's arguments. */
const within = (value, path) => path.split('.').reduce((inner, name) => inner?.[name], value);

/** `weigh({schema, document, operationName, variableValues})`: {class: count}; throws when too much. */
export function weigher({ lists, lookups, reports }) {
  const plans = new WeakMap();
  const slow = new Set(reports);

  function planOf(schema, document, operationName) {
    let plan = plans.get(document);
    if (plan?.schema !== schema) {
      const operation = getOperationAST(document, operationName);
      if (!operation) return undefined;
      const fragments = new Map(
        document.definitions
          .filter((each) => each.kind === Kind.FRAGMENT_DEFINITION)
          .map((each) => [each.name.value, each]),
      );
      const roots = rootFields(schema, fragments, operation);
      plan = { schema, operation, fragments, roots, paged: pagedFields(schema, document) };
      plan.needsValues = plan.paged.size > 0 || roots.some(({ name }) => lookups[name]);
      plans.set(document, plan);
    }
    return plan;
  }

  function classOf({ name, node, definition }, operation, values) {
    if (operation === 'mutation') return 'write';
    const sought = lookups[name];
    if (sought) {
      const given = getArgumentValues(definition, node, values);
      if (sought.some((path) => within(given, path) != null)) return 'lookup';
    }
    return slow.has(name) ? 'report' : 'read';
  }

  function lengthOf({ node, definition, name }, values) {
    const length = getArgumentValues(definition, node, values)[COUNTED] ?? 1;
    const most = lists.longer[name] ?? lists.most;
    if (length > most) throw refuse(`${name} gives ${most} at a time; ask for that many, then 'after'.`);
    return Math.max(length, 1);
  }

  /** An item counts once, and its own lists again for each; a fragment is counted out once. */
  function itemsOf({ operation, fragments, paged }, values) {
    const counted = new Map();
    function ofSpread(name) {
      if (!counted.has(name)) counted.set(name, of(fragments.get(name).selectionSet));
      return counted.get(name);
    }
    function ofSelection(each) {
      if (each.kind === Kind.FRAGMENT_SPREAD) return ofSpread(each.name.value);
      const inner = of(each.selectionSet);
      const list = paged.get(each);
      return list ? lengthOf({ ...list, node: each }, values) * (1 + inner) : inner;
    }
    function of(selectionSet) {
      return (selectionSet?.selections ?? []).reduce((sum, each) => sum + ofSelection(each), 0);
    }
    return of(operation.selectionSet);
  }

  return function weigh({ schema, document, operationName, variableValues }) {
    const plan = planOf(schema, document, operationName);
    if (!plan) return {};
    let values = {};
    if (plan.needsValues) {
      const { coerced } = getVariableValues(
        schema,
        plan.operation.variableDefinitions ?? [],
        variableValues ?? {},
        { maxErrors: 1 },
      );
      if (!coerced) return { read: 1 }; // the executor says what is wrong with them
      values = coerced;
    }
    const items = plan.paged.size > 0 ? itemsOf(plan, values) : 0;
    if (items > lists.items) {
      throw refuse(`The document asks for up to ${items} items of lists; at most ${lists.items} are served.`);
    }
    const weights = {};
    for (const field of plan.roots) {
      const found = classOf(field, plan.operation.operation, values);
      weights[found] = (weights[found] ?? 0) + 1;
    }
    return weights;
  };
}
