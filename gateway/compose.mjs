// Composes the services' SDL into the committed supergraph; `--check` fails when it has drifted.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { composeServices } from '@theguild/federation-composition';
import { Kind, parse } from 'graphql';
import { BuildError, settle } from './committed.mjs';
import { sealOf } from './router/supergraph.mjs';

const SERVICES = ['campaign', 'customer', 'scoring'];
const OBJECTS = new Set([Kind.OBJECT_TYPE_DEFINITION, Kind.OBJECT_TYPE_EXTENSION]);

function readService(name, path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new BuildError(`${name}: cannot read ${path} (${error.code}). Write it with 'python -m ${name} sdl'.`);
  }
  try {
    return { name, url: `http://${name}.invalid/graphql`, typeDefs: parse(text) };
  } catch (error) {
    const place = error.locations?.[0];
    throw new BuildError(`${name}: ${path}:${place?.line}:${place?.column} ${error.message}`);
  }
}

function objectTypes({ typeDefs }) {
  return typeDefs.definitions.filter((each) => OBJECTS.has(each.kind) && each.name.value !== '_Service');
}

const isNamed = (name) => (directive) => directive.name.value === name;

function keyFields(type) {
  return type.directives
    .filter(isNamed('key'))
    .flatMap((key) => key.arguments.find((each) => each.name.value === 'fields').value.value.split(/\W+/));
}

/** One service being down may empty its fields, never the entity: only its owner may say non-null. */
function strictGuests(services) {
  const strict = new Map();
  for (const service of services) {
    for (const type of objectTypes(service)) {
      const keys = keyFields(type);
      if (keys.length === 0) continue;
      const entity = type.name.value;
      const fields = type.fields.filter(
        (field) => !keys.includes(field.name.value) && field.type.kind === Kind.NON_NULL_TYPE,
      );
      if (fields.length === 0) continue;
      const names = fields.map((field) => field.name.value).join(', ');
      strict.set(entity, [...(strict.get(entity) ?? []), `${service.name} (${names})`]);
    }
  }
  return [...strict]
    .filter(([, owners]) => owners.length > 1)
    .map(([entity, owners]) => `${entity} has non-null fields in several services: ${owners.join('; ')}. Only its owner may.`);
}

export function compose(paths) {
  const services = Object.keys(paths).sort().map((name) => readService(name, paths[name]));
  const { errors, supergraphSdl } = composeServices(services);
  if (errors?.length) throw new BuildError(errors.map((error) => error.message).join('\n'));
  const faults = strictGuests(services);
  if (faults.length > 0) throw new BuildError(faults.join('\n'));
  const body = `${supergraphSdl.trim()}\n`;
  return `# Written by gateway/compose.mjs from the services' schema.graphql; do not edit.\n# sha256 ${sealOf(body)}\n${body}`;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean' }, out: { type: 'string' } },
  });
  const out = values.out ?? fileURLToPath(new URL('supergraph.graphql', import.meta.url));
  const paths = Object.fromEntries(
    positionals.length > 0
      ? positionals.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)])
      : SERVICES.map((name) => [name, fileURLToPath(new URL(`../services/${name}/schema.graphql`, import.meta.url))]),
  );
  const text = compose(paths);
  const done = settle(out, text, {
    check: values.check,
    matches: 'matches the services',
    drifted: "does not match the services' schema.graphql",
    command: 'node gateway/compose.mjs',
  });
  console.log(values.check ? done : `${done} (${Object.keys(paths).sort().join(', ')}).`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`The supergraph cannot be composed.\n${error.message}`);
    process.exit(1);
  }
}
