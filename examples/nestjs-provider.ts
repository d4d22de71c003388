// A NestJS module that provides one near-cached client to the whole application: connected before anything that
// needs it is made, closed by Nest's shutdown hooks. An application context is enough; with NestFactory.create() it is
// the same module.
// Run it: REDIS_URL=redis://127.0.0.1:6379 node --import tsx examples/nestjs-provider.ts
// `redis-client-v4` is this repository's name for @redis/client 1.x: write '@redis/client' or 'redis' instead.

import 'reflect-metadata';
import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createClient } from 'redis-client-v4';
import { withNearCache } from 'redis-near-cache';

async function connectRedis(url: string) {
  const redis = withNearCache(createClient({ url }), { prefixes: ['product:'] });
  redis.on('error', (error) => console.error(error));
  await redis.connect();
  return redis;
}

/** The client as others inject it: `@Inject(Redis)`, or `inject: [Redis]` as below. */
class Redis implements OnApplicationShutdown {
  readonly client: Awaited<ReturnType<typeof connectRedis>>;

  constructor(client: Redis['client']) {
    this.client = client;
  }

  /** The last of Nest's hooks: nobody reads any more. Ends tracking and both connections. */
  async onApplicationShutdown(signal?: string): Promise<void> {
    await this.client.quit();
    console.log(`closed (${signal ?? 'by the application'})`);
  }
}

@Module({})
class RedisModule {
  static forRoot(url: string): DynamicModule {
    const redis = { provide: Redis, useFactory: async () => new Redis(await connectRedis(url)) };
    return { module: RedisModule, global: true, providers: [redis], exports: [Redis] };
  }
}

class Products {
  readonly #redis: Redis['client'];

  constructor({ client }: Redis) {
    this.#redis = client;
  }

  name(id: string): Promise<string | null> {
    return this.#redis.get(`product:${id}`);
  }
}

// A factory says what is injected: no need for a compiler that emits types of constructor parameters.
const products = { provide: Products, useFactory: (redis: Redis) => new Products(redis), inject: [Redis] };

@Module({
  imports: [RedisModule.forRoot(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')],
  providers: [products],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
// Exits with 0 when the hooks are done; without the option Nest ends the process by the signal.
app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });

console.log(await app.get(Products).name('42')); // miss: one round trip to Redis
console.log(await app.get(Products).name('42')); // hit: memory
console.log(app.get(Redis).client.near.stats().prefixes['product:']);
console.log('running until SIGTERM');
