// A read at a replica that may fail or be left out: the caller gets one answer, from whoever may give it.

import { describe, expect, test } from 'vitest';
import { type DataNode, readAt } from '../../src/client/connections/connections.js';

/** A read at a replica, whose reply and end are in the test's hand. */
function rig() {
  const log: string[] = [];
  let leave = (): void => {};
  let resolve = (_: unknown): void => {};
  let reject = (_: Error): void => {};
  const promise = new Promise<unknown>((onReply, onError) => {
    resolve = onReply;
    reject = onError;
  });
  const node: DataNode = {
    id: 'replica',
    client: {},
    unfit: {
      onLeft(callback) {
        leave = callback;
        return () => log.push('arrived');
      },
      failed: () => log.push('failed'),
    },
  };
  const own = async (): Promise<unknown> => {
    log.push('asked the primary');
    return 'from the primary';
  };
  const answer = readAt(node, promise, { own, detoured: () => log.push('detoured') });
  return { log, answer, resolve, reject, leave: () => leave() };
}

const ELSEWHERE = ['detoured', 'asked the primary', 'detoured'];

test('an answer is handed on', async () => {
  const { answer, log, resolve } = rig();
  resolve('value');
  expect(await answer).toBe('value');
  expect(log).toEqual(['arrived']);
});

describe('the primary answers', () => {
  test.each([
    ['a connection that is lost', 'Socket closed unexpectedly', ['failed']],
    ['a replica that is loading', 'LOADING Redis is loading the dataset in memory', ['failed']],
    ['a replica without its link', 'MASTERDOWN Link with MASTER is down', ['failed']],
    ['a user who may not read there', 'NOPERM this user has no permissions', []],
    ['a command that is not known there', "ERR unknown command 'LCS'", []],
    ['a slot that is elsewhere', 'MOVED 1 127.0.0.1:1', []],
  ])('instead of %s', async (_, message, failed) => {
    const { answer, log, reject } = rig();
    reject(new Error(message));
    expect(await answer).toBe('from the primary');
    expect(log).toEqual(['arrived', ...failed, ...ELSEWHERE]);
  });

  test('instead of a replica that is left out, whatever that says afterwards', async () => {
    for (const late of ['value', 'error'] as const) {
      const { answer, leave, log, reject, resolve } = rig();
      leave();
      if (late === 'value') resolve('too late');
      else reject(new Error('Socket closed unexpectedly'));
      expect(await answer).toBe('from the primary');
      expect(log.filter((each) => each !== 'arrived')).toEqual(ELSEWHERE);
      expect(log).toContain('arrived');
    }
  });
});

test('what a key holds that does not suit the command is told as it is', async () => {
  const { answer, log, reject } = rig();
  reject(new Error('WRONGTYPE Operation against a key'));
  await expect(answer).rejects.toThrow('WRONGTYPE');
  expect(log).toEqual(['arrived']);
});
