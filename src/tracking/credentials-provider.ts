// A credentials provider as the tracking connection uses it: asked with every connection, followed while that lives, and let
// go of with it. What it says is remembered, so that it can be hidden.

import type { RedisClientOptions } from '@redis/client';
import type { Secrets } from '../redaction.js';

/** How node-redis v5 and later ask for credentials that are not written down. */
export type CredentialsProvider = NonNullable<RedisClientOptions['credentialsProvider']>;

interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

/** The provider for one connection; `isOver` tells whether that has ended. */
export function ofOneConnection(
  provider: CredentialsProvider,
  secrets: Secrets,
  isOver: () => boolean,
): CredentialsProvider {
  const taken = ({ username, password }: Credentials): Credentials => {
    secrets.note([username, password]);
    return complete(username, password);
  };
  if (provider.type === 'async-credentials-provider') {
    const credentials = (): Promise<Credentials> =>
      orPlainError(secrets, async () => taken(await provider.credentials()));
    return { type: provider.type, credentials };
  }
  return {
    type: provider.type,
    subscribe: (listener) =>
      orPlainError(secrets, async () => {
        const onNext = (next: Credentials): void => {
          if (!isOver()) listener.onNext(taken(next));
        };
        const [first, subscription] = await provider.subscribe({ ...listener, onNext });
        // @redis/client ends only what it had got by the time it was closed.
        if (isOver()) {
          subscription.dispose();
          throw new Error('The tracking connection was closed.');
        }
        return [taken(first), subscription];
      }),
    onReAuthenticationError: (error) => provider.onReAuthenticationError(error),
  };
}

/** @redis/client 6 logs in only with a password; to a user without one (`nopass`) any will do. */
export function complete(username: string | undefined, password: string | undefined): Credentials {
  const completed = username !== undefined && !password ? 'nopass' : password;
  return {
    ...(username === undefined ? {} : { username }),
    ...(completed === undefined ? {} : { password: completed }),
  };
}

/** What a provider throws may carry the request that it made, with the secret that goes with it: its message has to do. */
async function orPlainError<T>(secrets: Secrets, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it rejected with no error';
    throw new Error(`The credentials provider failed: ${secrets.hideIn(message)}`);
  }
}
