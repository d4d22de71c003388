// What a server must have answered before its pushes can be relied on: a thing that takes HELLO 3 and CLIENT TRACKING for
// other commands, or answers in the place of another, tracks nothing.

/** @throws Error unless HELLO was answered by what speaks RESP3: over RESP2 CLIENT TRACKING says OK and delivers nothing */
export function expectResp3(hello: unknown): void {
  const proto = typeof hello === 'object' && hello !== null ? Reflect.get(hello, 'proto') : undefined;
  // Worded as a server refuses RESP3, because it comes to the same.
  if (proto !== 3) throw new Error('NOPROTO HELLO 3 was not answered by what speaks RESP3');
}

/** @throws Error unless CLIENT TRACKING was answered with OK */
export function expectOk(reply: unknown): void {
  if (reply !== 'OK') throw new Error('CLIENT TRACKING was answered with something else than OK.');
}
