// Cuts a RESP stream into its frames, for those who stand between a client and a server, and writes frames for them.
// Source: https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md

const CR = 0x0d;

/** Gathers chunks; hands out whole frames. */
export class RespFrames {
  #rest: Buffer = Buffer.alloc(0);

  /** @returns the frames that are complete now, in order */
  take(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    let start = 0;
    for (let end = endOfFrame(bytes, 0); end !== undefined; end = endOfFrame(bytes, start)) {
      frames.push(bytes.subarray(start, end));
      start = end;
    }
    this.#rest = bytes.subarray(start);
    return frames;
  }
}

/** Where the frame that begins at `at` ends; `undefined` if not all of it is there. */
function endOfFrame(bytes: Buffer, at: number): number | undefined {
  let position = at;
  // Frames that are still to be passed: an aggregate adds its parts.
  for (let left = 1; left > 0; left--) {
    const end = bytes.indexOf(CR, position);
    if (end < 0 || end + 2 > bytes.length) return undefined;
    const type = String.fromCharCode(bytes[position] ?? 0);
    const length = Number(bytes.toString('latin1', position + 1, end));
    position = end + 2;
    if ('$=!'.includes(type) && length >= 0) position += length + 2;
    if ('*~>'.includes(type) && length > 0) left += length;
    if ('%|'.includes(type)) left += 2 * length;
    if (position > bytes.length) return undefined;
  }
  return position;
}

/** The words of a command as clients send it: an array of bulk strings. */
export function wordsOf(command: Buffer): string[] {
  const words: string[] = [];
  let position = command.indexOf(CR) + 2;
  while (position < command.length) {
    const end = command.indexOf(CR, position);
    const length = Number(command.toString('latin1', position + 1, end));
    words.push(command.toString('utf8', end + 2, end + 2 + length));
    position = end + 2 + length + 2;
  }
  return words;
}

export function bulk(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** The push of a server that says that these keys changed. */
export function invalidation(keys: readonly (string | Buffer)[]): Buffer {
  const header = Buffer.from(`>2\r\n$10\r\ninvalidate\r\n*${keys.length}\r\n`);
  return Buffer.concat([header, ...keys.map(bulk)]);
}
