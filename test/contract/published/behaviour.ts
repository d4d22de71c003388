// A behaviour that node-redis documents: calls in their order, each with its reply.

export interface Step {
  readonly method: string;
  readonly args: readonly unknown[];
  /** By major where they differ. */
  readonly reply: unknown | ByMajor;
  /** Asked again, it answers the same: from memory where it may be. */
  readonly isRead: boolean;
}

export interface Behaviour {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** A reply that v5 and v6 give in another type than v4. */
export class ByMajor {
  readonly v4: unknown;
  readonly later: unknown;

  constructor(v4: unknown, later: unknown) {
    this.v4 = v4;
    this.later = later;
  }
}

/** Yes and no are booleans in v4, numbers later. */
export const YES = new ByMajor(true, 1);
export const NO = new ByMajor(false, 0);

/** Refused with an error that says this. */
export class Refusal {
  readonly message: RegExp;

  constructor(message: RegExp) {
    this.message = message;
  }
}

export const refused = (message: RegExp): Refusal => new Refusal(message);
export const WRONG_TYPE = refused(/^WRONGTYPE/);

export function does(method: string, args: readonly unknown[], reply: unknown): Step {
  return { method, args, reply, isRead: false };
}

export function asks(method: string, args: readonly unknown[], reply: unknown): Step {
  return { method, args, reply, isRead: true };
}

export function behaviour(title: string, ...steps: Step[]): Behaviour {
  return { title, steps };
}
