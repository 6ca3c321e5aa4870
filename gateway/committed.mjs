// A file that is built and committed: written in one step, or compared with what is there.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/** What is wrong with what somebody wrote; told without a stack. */
export class BuildError extends Error {}

/** Writes `text` to `out`, or with `check` throws where it differs; gives what to say. */
export function settle(out, text, { check, matches, drifted, command }) {
  const shown = relative(process.cwd(), out);
  let committed = null;
  try {
    committed = readFileSync(out, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (check) {
    if (committed === text) return `${shown} ${matches}.`;
    const fault = committed === null ? 'is missing' : drifted;
    throw new BuildError(`${shown} ${fault}. Run '${command}' and commit the result.`);
  }
  if (committed === text) return `${shown}: already up to date`;
  writeFileSync(`${out}.new`, text);
  renameSync(`${out}.new`, out);
  return `${shown}: written`;
}
