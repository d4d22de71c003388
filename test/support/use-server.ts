// One server for a test file: started at once, emptied before each test, stopped after the last.

import { afterAll, beforeEach } from 'vitest';
import { RedisServer } from './redis-server.js';

export async function useServer(...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...args);
  beforeEach(() => server.command('FLUSHALL'));
  afterAll(() => server.stop());
  return server;
}
