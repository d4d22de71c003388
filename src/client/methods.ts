// Reaching into clients by structure: methods by name, wherever they are.

/** A method by name, or one of a module's or function library's namespace. */
export type MethodPath = readonly string[];

export type Method = (...args: unknown[]) => unknown;

export function methodOf(object: object, name: string): Method | undefined {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'function' ? (value as Method) : undefined;
}

export function invoke(object: object, path: MethodPath, args: readonly unknown[]): unknown {
  const [first = ''] = path;
  if (path.length === 1) return (Reflect.get(object, first) as Method).apply(object, args as unknown[]);
  let owner = object;
  for (const name of path.slice(0, -1)) owner = Reflect.get(owner, name) as object;
  return (Reflect.get(owner, path.at(-1) ?? '') as Method).apply(owner, args as unknown[]);
}

/** The object in the prototype chain that has the member itself. */
export function holderOf(object: object, name: string): object | null {
  let holder: object | null = object;
  while (holder !== null && !Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder);
  return holder;
}

/** Names of what the client's options list under `kind`. */
export function extensionNames(options: object, kind: 'scripts' | 'modules' | 'functions'): string[] {
  const extension: unknown = Reflect.get(options, kind);
  return typeof extension === 'object' && extension !== null ? Object.keys(extension) : [];
}

/** The arguments such that they can be read twice: to know what they say, and to send them. */
export function repeatable(args: readonly unknown[]): readonly unknown[] {
  return args.some(isIterator)
    ? args.map((argument) => (isIterator(argument) ? [...argument] : argument))
    : args;
}

function isIterator(argument: unknown): argument is IterableIterator<unknown> {
  if (typeof argument !== 'object' || argument === null) return false;
  return typeof Reflect.get(argument, 'next') === 'function' && Symbol.iterator in argument;
}
