/** Path of a runnable server: `REDIS_SERVER_BIN`, else `redis-server` or `valkey-server` on PATH. */
export function findRedisServer(env?: NodeJS.ProcessEnv): string | undefined;
