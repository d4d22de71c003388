// Whether a text is the URL of a server, as node-redis will be able to read it. Says so beforehand, because what node-redis
// and Node.js throw about a bad URL shows it.

/** `redis[s]://[[username][:password]@]host[:port][/db]` */
export function isServerUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !/^rediss?:\/\//.test(value) || !URL.canParse(value)) return false;
  const { username, password, pathname } = new URL(value);
  return /^\/?\d*$/.test(pathname) && [username, password].every(decodes);
}

function decodes(text: string): boolean {
  try {
    return decodeURIComponent(text).length <= text.length;
  } catch {
    return false;
  }
}
