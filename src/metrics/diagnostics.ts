// The same events once more, on channels of node:diagnostics_channel: for tools that watch a process from outside
// and have no near cache at hand to listen to. Knows the names of the channels, nothing of what the events mean.

import { channel } from 'node:diagnostics_channel';

export const CHANNELS = {
  state: channel('redis-near-cache:state'),
  invalidate: channel('redis-near-cache:invalidate'),
  flush: channel('redis-near-cache:flush'),
  replica: channel('redis-near-cache:replica'),
  evict: channel('redis-near-cache:evict'),
  load: channel('redis-near-cache:load'),
  fallback: channel('redis-near-cache:fallback'),
  warning: channel('redis-near-cache:warning'),
  error: channel('redis-near-cache:error'),
};

export type Published = keyof typeof CHANNELS;

/** Whether anybody listens, by either way: two looks at fields, so that nothing need be made for nobody. */
export function isHeard(near: { listenerCount(event: Published): number }, event: Published): boolean {
  return CHANNELS[event].hasSubscribers || near.listenerCount(event) > 0;
}

/** What a subscriber throws surfaces as an uncaught exception: Node.js sees to that. */
export function publish(event: Published, near: object, told: object | undefined): void {
  const to = CHANNELS[event];
  if (to.hasSubscribers) to.publish(told instanceof Error ? { near, error: told } : { near, ...told });
}
