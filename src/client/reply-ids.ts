// What replies of one key are called: the command with its arguments after the key, and the types it was asked for in.

import type { View } from './adapter.js';

/** As many as there are commands and types that were asked for. */
const NAMES = new Map<string, string>();

/** One and the same string for equal names, so that they are told apart by their addresses. */
export function nameOfReplies(command: string): string {
  let name = NAMES.get(command);
  if (name === undefined) {
    name = Object.keys({ [command]: 0 })[0] ?? command;
    NAMES.set(name, name);
  }
  return name;
}

/**
 * Names a reply among those of its first key. One further argument is told from several by the separator, so that no
 * two argument lists share a name; `undefined` for arguments that are no text.
 */
export function replyId(name: string, rest: readonly unknown[], types: string): string | undefined {
  const command = name + types;
  if (rest.length === 0) return nameOfReplies(command);
  for (const argument of rest) if (typeof argument !== 'string') return undefined;
  if (rest.length === 1) return fieldReplyId(command, rest[0] as string);
  return `${command}\n${JSON.stringify(rest)}`;
}

/** The same for one further argument. */
export function fieldReplyId(command: string, field: string): string {
  return `${command} ${field}`;
}

/** The name that replies of GET have in the client's own types, which may change. */
export function namesOfGet(root: View): () => string {
  let { options } = root;
  let name = nameOfReplies(`GET${options.types}`);
  return () => {
    if (root.options !== options) {
      options = root.options;
      name = nameOfReplies(`GET${options.types}`);
    }
    return name;
  };
}
