// Builds the manifest of trusted documents from each channel's folder; `--check` fails when it has drifted.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Kind, buildSchema, parse, print, stripIgnoredCharacters, validate, visit } from 'graphql';
import { BuildError, settle } from './committed.mjs';
import { hashOf } from './router/documents.mjs';
import { MAX_TOKENS, faultsOf } from './router/limits.mjs';

const FRAGMENTS = 'fragments';
const CHANNELS = [
  'console', 'counter', 'mobile', 'online', 'outlet', 'phone', 'self_service', 'system',
]; // prettier-ignore
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const FOLDERS = [here('documents'), here('../deploy/local/sheaf/documents')];

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isFile() && each.name.endsWith('.graphql'))
    .map((each) => `${folder}/${each.name}`)
    .sort();
}

const lineOf = (error) => error.locations?.[0]?.line ?? 1;

function read(path, faults) {
  try {
    return parse(readFileSync(path, 'utf8'), { maxTokens: MAX_TOKENS });
  } catch (error) {
    faults.push(`${path}:${lineOf(error)} ${error.message}`);
    return { kind: Kind.DOCUMENT, definitions: [] };
  }
}

function readFragments(folder, faults) {
  const shared = new Map();
  for (const path of filesIn(folder)) {
    for (const definition of read(path, faults).definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        shared.set(definition.name.value, { path, definition });
      } else {
        faults.push(`${path} may hold fragments only.`);
      }
    }
  }
  return shared;
}

function spreadsIn(node) {
  const names = [];
  visit(node, { FragmentSpread: ({ name }) => void names.push(name.value) });
  return names;
}

/** The shared fragments that a document needs beside its own, by name. */
function sharedBy(document, shared, used) {
  const own = new Set(
    document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION).map((each) => each.name.value),
  );
  const needed = new Set();
  const waiting = spreadsIn(document);
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (own.has(name) || needed.has(name) || !shared.has(name)) continue;
    needed.add(name);
    used.add(name);
    waiting.push(...spreadsIn(shared.get(name).definition));
  }
  return [...needed].sort().map((name) => shared.get(name).definition);
}

/** Sorted entries by hash: operation, type, channels, text. Throws with every fault at once. */
export function build(schema, folders) {
  const faults = [];
  const manifest = new Map();
  const names = new Map();
  for (const folder of folders) {
    const inside = readdirSync(folder, { withFileTypes: true })
      .filter((each) => each.isDirectory())
      .map((each) => each.name);
    const shared = inside.includes(FRAGMENTS) ? readFragments(`${folder}/${FRAGMENTS}`, faults) : new Map();
    const used = new Set();
    for (const path of filesIn(folder)) faults.push(`${path} lies in no channel's folder.`);
    for (const channel of inside.filter((each) => each !== FRAGMENTS).sort()) {
      if (!CHANNELS.includes(channel)) {
        faults.push(`${folder}/${channel} is no channel; there are ${CHANNELS.join(', ')}.`);
        continue;
      }
      for (const path of filesIn(`${folder}/${channel}`)) {
        const own = read(path, faults);
        const added = sharedBy(own, shared, used);
        const document = { ...own, definitions: [...own.definitions, ...added] };
        const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
        if (operations.length !== 1 || !operations[0].name) {
          if (own.definitions.length > 0) faults.push(`${path} must hold one operation, with a name.`);
          continue;
        }
        faults.push(...validate(schema, document).map((each) => `${path}:${lineOf(each)} ${each.message}`));
        faults.push(...faultsOf(document).map((message) => `${path} ${message}`));
        const text = stripIgnoredCharacters([readFileSync(path, 'utf8'), ...added.map(print)].join('\n'));
        const hash = hashOf(text);
        const operation = operations[0].name.value;
        const place = `${channel}/${operation}`;
        if (names.has(place) && names.get(place) !== hash) {
          faults.push(`${path} is another ${operation} than the one that ${channel} has.`);
        }
        names.set(place, hash);
        const entry = manifest.get(hash) ?? { operation, type: operations[0].operation, channels: [], text };
        if (!entry.channels.includes(channel)) entry.channels = [...entry.channels, channel].sort();
        manifest.set(hash, entry);
      }
    }
    for (const [name, { path }] of shared) {
      if (!used.has(name)) faults.push(`${path} ${name} is used by no document.`);
    }
  }
  if (faults.length > 0) throw new BuildError(faults.join('\n'));
  const order = ([hash, { operation }]) => `${operation} ${hash}`;
  return [...manifest].sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean' }, out: { type: 'string' }, supergraph: { type: 'string' } },
  });
  const schema = buildSchema(readFileSync(values.supergraph ?? here('supergraph.graphql'), 'utf8'), {
    assumeValid: true,
  });
  const entries = build(schema, positionals.length > 0 ? positionals : FOLDERS);
  const text = `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
  const done = settle(values.out ?? here('documents.json'), text, {
    check: values.check,
    matches: 'matches the channels\' documents',
    drifted: 'does not match the channels\' documents',
    command: 'node gateway/documents.mjs',
  });
  console.log(values.check ? done : `${done} (${entries.length} documents).`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`The documents cannot be trusted.\n${error.message}`);
    process.exit(1);
  }
}
