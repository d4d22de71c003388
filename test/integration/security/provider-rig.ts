// Credentials providers as node-redis v5 and v6 take them, that count who asks. The password of a user is `of <user>`.

interface BasicAuth {
  readonly username: string;
  readonly password?: string;
}

interface Listener {
  readonly onNext: (credentials: BasicAuth) => void;
  readonly onError: (error: Error) => void;
}

type PasswordOf = (user: string) => string | undefined;
const passwordOf: PasswordOf = (user) => `of ${user}`;

function credentialsOf(user: string, password: string | undefined): BasicAuth {
  return password === undefined ? { username: user } : { username: user, password };
}

export class AsyncProvider {
  readonly type = 'async-credentials-provider';
  user: string;
  password: PasswordOf;
  asked = 0;

  constructor(user: string, password: PasswordOf = passwordOf) {
    this.user = user;
    this.password = password;
  }

  readonly credentials = async (): Promise<BasicAuth> => {
    this.asked++;
    return credentialsOf(this.user, this.password(this.user));
  };
}

export class StreamingProvider {
  readonly type = 'streaming-credentials-provider';
  /** What was told of logins that failed. */
  readonly failures: Error[] = [];
  /** How often it was subscribed to. */
  subscribed = 0;
  /** Whether it answers no subscription. */
  isSlow = false;
  #user: string;
  #password: PasswordOf;
  readonly #listeners = new Set<Listener>();

  constructor(user: string, password: PasswordOf = passwordOf) {
    this.#user = user;
    this.#password = password;
  }

  /** How many follow it now. */
  get live(): number {
    return this.#listeners.size;
  }

  /** Another user from now on, or the same one with another password. */
  give(user: string, password: PasswordOf = passwordOf): void {
    this.#user = user;
    this.#password = password;
    for (const { onNext } of this.#listeners) onNext(credentialsOf(user, password(user)));
  }

  readonly subscribe = async (listener: Listener): Promise<[BasicAuth, { dispose: () => void }]> => {
    this.subscribed++;
    this.#listeners.add(listener);
    while (this.isSlow) await new Promise((resolve) => setImmediate(resolve));
    return [
      credentialsOf(this.#user, this.#password(this.#user)),
      { dispose: () => this.#listeners.delete(listener) },
    ];
  };

  readonly onReAuthenticationError = (error: Error): void => {
    this.failures.push(error);
  };
}
