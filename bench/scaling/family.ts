// How servers are told apart: by what they are and their version without the last part.

/** `redis-7.0` of `Redis 7.0.15`. */
export function familyOf(server: string): string {
  const [name = '', version = ''] = server.toLowerCase().split(' ');
  return `${name}-${version.split('.').slice(0, 2).join('.')}`;
}
