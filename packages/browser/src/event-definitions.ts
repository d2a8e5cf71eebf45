/** Reads from event definitions what a test needs: which events there are, and their properties. */

/** An event definition. */
export interface EventDefinition {
  readonly action: string;
  readonly properties: readonly string[];
  readonly path: string;
}

interface FileSystem {
  readonly readdirSync: (path: string) => string[];
  readonly readFileSync: (path: string, encoding: 'utf8') => string;
}

type Node = { process?: { getBuiltinModule?: (name: string) => FileSystem | undefined } };

const fileSystem = (): FileSystem => {
  const it = (globalThis as Node).process?.getBuiltinModule?.('node:fs');
  if (it) return it;
  throw new Error('Definitions can be read by Node 20.16 and newer only: leave out `definitions`.');
};

const plain = (text: string): string => text.replace(/\s+#.*$/, '').trim().replace(/^(["'])(.*)\1$/, '$2');

/**
 * Reads a definition file as far as `action` and the names of `additional_properties`, written as
 * blocks: that is how the generator writes them. `undefined` if there is no action.
 */
export const parseEventDefinition = (text: string, path = ''): EventDefinition | undefined => {
  let action: string | undefined;
  const properties: string[] = [];
  let isInside = false;
  let indent: number | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, spaces, key, rest] = /^(\s*)(?!-\s)([^\s#:][^:]*):(?:\s+(.*))?$/.exec(line) ?? [];
    if (spaces === undefined || key === undefined) continue;
    if (spaces === '') {
      isInside = key === 'additional_properties';
      if (key === 'action') action = plain(rest ?? '');
    } else if (isInside) {
      indent ??= spaces.length;
      if (spaces.length === indent) properties.push(plain(key));
    }
  }
  return action ? { action, properties, path } : undefined;
};

/** Reads all definitions of some folders; of two with the same action that of the first folder. */
export const readEventDefinitions = (
  folders: readonly string[],
): ReadonlyMap<string, EventDefinition> => {
  const { readdirSync, readFileSync } = fileSystem();
  const all = new Map<string, EventDefinition>();
  for (const folder of folders) {
    for (const file of readdirSync(folder).filter((it) => /\.ya?ml$/.test(it)).sort()) {
      const path = `${folder}/${file}`;
      const definition = parseEventDefinition(readFileSync(path, 'utf8'), path);
      if (definition && !all.has(definition.action)) all.set(definition.action, definition);
    }
  }
  if (!all.size) throw new Error(`There is no event definition in ${folders.join(', ')}.`);
  return all;
};

/** Throws if an event is not defined, or has a property that is not declared. */
export const checkEvent = (
  definitions: ReadonlyMap<string, EventDefinition>,
  event: unknown,
  properties: unknown,
): void => {
  const definition = definitions.get(`${event}`);
  if (!definition) {
    throw new Error(`Unknown event: ${event}. No definition has this action; generate one, or \
correct the name.`);
  }
  for (const name of Object.keys((properties as object | undefined) ?? {})) {
    if (definition.properties.includes(name)) continue;
    throw new Error(`${event} has no property ${name}: ${definition.path} declares \
${definition.properties.join(', ') || 'none'}.`);
  }
};
