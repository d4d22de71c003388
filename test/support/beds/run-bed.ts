// `npm run bed -- cluster|replicas|sentinel`: starts a bed by hand, says where its nodes are, and keeps it until Ctrl-C.

import Table from 'cli-table3';
import type { RedisServer } from '../redis-server.js';
import { ClusterBed } from './cluster-bed.js';
import { viewOf } from './cluster-view.js';
import { ReplicatedBed } from './replicated-bed.js';
import { SentinelBed } from './sentinel-bed.js';

interface Shown {
  readonly stop: () => Promise<void>;
  readonly rows: readonly (readonly [server: RedisServer, role: string, detail: string])[];
  readonly examples: readonly string[];
}

const BEDS: Readonly<Record<string, () => Promise<Shown>>> = {
  async cluster() {
    const bed = await ClusterBed.start();
    const [first] = bed.nodes;
    const views = first === undefined ? [] : await viewOf(first.server);
    const portOf = (id: string | undefined) => views.find((view) => view.id === id)?.port ?? '';
    const rows = bed.nodes.map(({ id, server }) => {
      const view = views.find((each) => each.id === id);
      return view?.primaryId === undefined
        ? ([server, 'primary', `slots ${view?.ranges.map((range) => range.join('-')).join(' ')}`] as const)
        : ([server, 'replica', `of ${portOf(view.primaryId)}`] as const);
    });
    return {
      stop: () => bed.stop(),
      rows,
      examples: [
        `createCluster({ rootNodes: [{ url: '${first?.server.url}' }] })`,
        `redis-cli -c -p ${first?.server.port} set key value`,
        `redis-cli -p ${bed.nodes.at(-1)?.server.port} cluster failover`,
      ],
    };
  },

  async replicas() {
    const bed = await ReplicatedBed.start();
    const detail = (replica: RedisServer) => `of ${bed.primary.port}, by port ${bed.link(replica).port}`;
    return {
      stop: () => bed.stop(),
      rows: [
        [bed.primary, 'primary', ''],
        ...bed.replicas.map((replica) => [replica, 'replica', detail(replica)] as const),
      ],
      examples: [
        `createClient({ url: '${bed.primary.url}' })`,
        `redis-cli -p ${bed.primary.port} role`,
        `redis-cli -p ${bed.replicas[0]?.port} info replication`,
      ],
    };
  },

  async sentinel() {
    const bed = await SentinelBed.start();
    const [sentinel] = bed.sentinels;
    const primary = await bed.primary();
    return {
      stop: () => bed.stop(),
      rows: [
        ...bed.nodes.map((node) => [node, node === primary ? 'primary' : 'replica', ''] as const),
        ...bed.sentinels.map((each) => [each, 'sentinel', `of ${bed.name}`] as const),
      ],
      examples: [
        `createSentinel({ name: '${bed.name}', sentinelRootNodes: [{ host: '127.0.0.1', port: ${sentinel?.port} }] })`,
        `redis-cli -p ${sentinel?.port} sentinel get-master-addr-by-name ${bed.name}`,
        `redis-cli -p ${sentinel?.port} sentinel failover ${bed.name}`,
      ],
    };
  },
};

const name = process.argv[2] ?? '';
const start = Object.hasOwn(BEDS, name) ? BEDS[name] : undefined;
if (start === undefined) {
  process.stderr.write(`Which bed? npm run bed -- ${Object.keys(BEDS).join('|')}\n`);
  process.exit(1);
}

// From the first moment on: a bed that is still being made is ended with this process.
let end = (): void => process.exit(0);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end());

const { stop, rows, examples } = await start();
end = () => {
  end = () => {};
  void stop().then(() => process.exit(0));
};
const table = new Table({ head: ['role', 'url', 'pid', ''], style: { head: [], border: [] } });
for (const [server, role, detail] of rows) table.push([role, server.url, server.pid, detail]);
process.stdout.write(`${table.toString()}\n\n${examples.map((line) => `  ${line}\n`).join('')}\n`);
process.stdout.write('Ctrl-C ends them all.\n');
