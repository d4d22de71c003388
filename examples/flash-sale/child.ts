// What both kinds of child process do alike: they obey orders one by one and never outlive their parent.

import type { Message, Order } from './messages.js';

/** What the parent passed on the command line. */
export function brief<Brief>(): Brief {
  return JSON.parse(process.argv[2] ?? '{}') as Brief;
}

export function tell(message: Message): void {
  process.send?.(message);
}

/** @param orphaned what is left to do when the parent is gone, however it ended */
export function obey(carryOut: (order: Order) => unknown, orphaned: () => void = () => {}): void {
  let last: Promise<void> = Promise.resolve();
  process.on('message', (order: Order) => {
    last = last.then(async () => {
      await carryOut(order);
      tell({ kind: 'done' });
    });
  });
  const end = (): void => {
    orphaned();
    process.exit();
  };
  process.on('disconnect', end);
  // The parent may have ended while this process was still loading.
  if (!process.connected) end();
  // Ctrl-C reaches the whole process group: what follows from it is the parent's business.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
}
