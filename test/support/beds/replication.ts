// One server following another: how a test bed configures it, and what both say about it.

import type { RedisServer } from '../redis-server.js';
import { fieldsOf } from './servers.js';

/**
 * Links that are up within a moment, and whose loss is noticed soon. After a diskless sync some servers call a replica online,
 * and it calls its link up, up to a second before they send it what is written: here that would look like a lag.
 */
export const FAST_REPLICATION = ['--repl-diskless-sync', 'no', '--repl-ping-replica-period', '1'] as const;

export interface Replication {
  readonly role: 'primary' | 'replica';
  /** A primary's newest byte of the stream, or the newest that a replica has applied. */
  readonly offset: number;
  /** A replica's link to its primary. `false` at a primary. */
  readonly linked: boolean;
  /** Ports of the replicas that a primary feeds. */
  readonly fed: readonly number[];
}

export async function replicationOf(server: RedisServer): Promise<Replication> {
  const fields = fieldsOf(await server.command('INFO', 'replication'));
  const role = fields.get('role') === 'master' ? 'primary' : 'replica';
  const fed = [...fields].filter(([name, row]) => /^slave\d+$/.test(name) && row.includes('state=online'));
  return {
    role,
    offset: Number(fields.get(role === 'primary' ? 'master_repl_offset' : 'slave_repl_offset')),
    linked: fields.get('master_link_status') === 'up',
    fed: fed.map(([, row]) => Number(/port=(\d+)/.exec(row)?.[1])),
  };
}

/** Whether both call the link between them up. */
export async function isLinked(replica: RedisServer, primary: RedisServer): Promise<boolean> {
  const [own, its] = await Promise.all([replicationOf(replica), replicationOf(primary)]);
  return own.role === 'replica' && own.linked && its.role === 'primary' && its.fed.includes(replica.port);
}
