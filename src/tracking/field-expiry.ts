// Whether single fields of a hash can expire by themselves at a server, by its answer to HELLO. When in doubt, they can.
// Source: HEXPIRE, https://redis.io/docs/latest/commands/hexpire/ and https://valkey.io/commands/hexpire/

/** Valkey's `extended-redis-compatibility` answers this for itself, whatever its own version. */
const VALKEY_IN_DISGUISE = '7.2.4';

export function fieldsCanExpire(hello: unknown): boolean {
  if (typeof hello !== 'object' || hello === null) return true;
  const server: unknown = Reflect.get(hello, 'server');
  const version: unknown = Reflect.get(hello, 'version');
  if (typeof version !== 'string') return true;
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number);
  if (server === 'valkey') return !(major < 9);
  if (server === 'redis' && version !== VALKEY_IN_DISGUISE) return !(major < 7 || (major === 7 && minor < 4));
  return true;
}
